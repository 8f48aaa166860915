"""The HTTP API: the app, its middleware, and one route module for each group of operations."""
