"""Micro-batches on one device, and the use cases that run them: embed and translate."""
