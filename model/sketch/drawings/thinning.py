"""Centre lines of strokes (Zhang & Suen, 1984)."""

import numpy as np

from model.sketch.drawings.strokes import Mask


def thin(mask: Mask) -> Mask:
    """Centre lines of strokes, one pixel wide and connected as the strokes are."""
    lines = np.pad(mask, 1).astype(np.uint8)
    flat, width = lines.ravel(), lines.shape[1]
    clockwise = np.array([-width, 1 - width, 1, 1 + width, width, width - 1, -1, -1 - width])  # north first
    remaining = np.flatnonzero(flat)
    before = -1
    while len(remaining) != before:
        before = len(remaining)
        for deleted_by_bits in _DELETED:
            deleted = deleted_by_bits[np.packbits(flat[remaining[:, None] + clockwise], axis=1)[:, 0]]
            flat[remaining[deleted]] = 0
            remaining = remaining[~deleted]
    return lines[1:-1, 1:-1].astype(bool)


def _deleted() -> tuple[Mask, Mask]:
    """Whether thinning's first and second pass delete a pixel, by its neighbours' 8 bits: [256] each."""
    p = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).T.astype(bool)
    north, _, east, _, south, _, west, _ = p
    neighbours = p.sum(0)
    transitions = (~p & np.roll(p, -1, axis=0)).sum(0)
    removable = (neighbours >= 2) & (neighbours <= 6) & (transitions == 1)
    return removable & ~(east & south & (north | west)), removable & ~(north & west & (east | south))


_DELETED = _deleted()
