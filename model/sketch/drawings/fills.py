"""Replace filled areas of a drawing by their outlines."""

import numpy as np
from scipy import ndimage

from model.sketch.drawings.strokes import Mask

MIN_RADIUS = 9.0
"""Radius of the smallest disc that only a filled area holds, in pixels of the canvas; strokes are thinner."""
MIN_PIXELS = 2.5
"""The same in pixels of the picture, before the drawing was enlarged."""
LONGEST = 10.0
"""Largest area of a filled area, in discs of its own largest radius. Something longer is a thick stroke."""
EDGE = 2
"""Width of the outline that is left, in pixels."""


def outlined(drawn: Mask, scale: float) -> Mask:
    """Return ink [h, w] whose filled areas are replaced by outlines; lines stay as they are.

    An area is filled if a large disc fits into it, and if it is not the line of a thick pen.

    Args:
        drawn: the ink, on the canvas.
        scale: how much the drawing was enlarged. Even thin lines are thick in an enlarged drawing.
    """
    smallest = max(MIN_RADIUS, MIN_PIXELS * scale)
    if not ndimage.minimum_filter(drawn, int(1.4 * smallest)).any():  # quick: no square of this size fits
        return drawn
    radius = ndimage.distance_transform_edt(drawn)
    hollow = drawn.copy()
    pieces, count = ndimage.label(radius > smallest / 2)
    for number in range(1, count + 1):
        core = pieces == number
        largest = float(radius[core].max())
        if largest < smallest:
            continue
        area = drawn & (ndimage.distance_transform_edt(~core) <= smallest / 2)
        if np.count_nonzero(area) <= LONGEST * np.pi * largest**2:
            hollow &= ~(area & (radius > EDGE))
    return hollow
