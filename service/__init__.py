"""IIAE as a service: HTTP, batching, search and caching around trained checkpoints."""
