"""Galleries: store, index and search photos."""
