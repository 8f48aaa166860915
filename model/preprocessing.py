"""The version of how pictures become tensors (`model.pictures`), part of every cache key and manifest."""

VERSION = 1
"""Raise it when the tensors of a picture change."""
