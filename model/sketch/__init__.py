"""Sketch search: pixels to features to zs."""
