"""Decode uploaded image files, and encode pictures."""
