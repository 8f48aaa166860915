"""Uploaded bytes to pictures, and back."""
