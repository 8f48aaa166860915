"""Drawings: normalised, followed as strokes, roughened into doodles."""
