"""Drawings: normalise them, trace their strokes, and make rough doodles from them."""
