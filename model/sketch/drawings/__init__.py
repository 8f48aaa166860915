"""Drawings: find them on any paper, trace their strokes, and redraw them in one way."""
