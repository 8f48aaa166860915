"""A z-buffer rasteriser: which triangle is seen in each pixel, and where in the triangle."""

from typing import NamedTuple

import numpy as np

from model.data.standins.cars.rendering.mesh import Floats, Ints


class Seen(NamedTuple):
    """The nearest triangle of each covered pixel.

    Attributes:
        pixels: row * width + column, [n].
        triangles: index of the triangle, [n].
        weights: barycentric weights of its corners, corrected for perspective, [n, 3].
    """

    pixels: Ints
    triangles: Ints
    weights: Floats


def rasterise(screen: Floats, triangles: Ints, size: int) -> Seen:
    """Return what is seen in a square picture. Triangles that are clockwise on the screen are not drawn.

    Args:
        screen: column, row (in pixels, rows downwards) and 1 / depth of each vertex, [v, 3].
        triangles: three vertices each, [t, 3].
        size: width and height in pixels.
    """
    corners = screen[triangles]  # [t, 3, 3]
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    # rows point downwards, so a counter-clockwise triangle has a negative area
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    facing = np.flatnonzero(area < -1e-9)
    corners, area = corners[facing], area[facing]
    at, columns, rows = _boxes(corners, size)
    weights = _weights(corners[at], area[at], columns, rows)
    inside = (weights >= 0).all(axis=0)
    at, weights = at[inside], weights[:, inside]
    pixels = (rows * size + columns)[inside]
    over_depth = weights * corners[at, :, 2].T
    nearness = over_depth.sum(axis=0)
    buffer = np.zeros(size * size)
    np.maximum.at(buffer, pixels, nearness)
    nearest = np.flatnonzero(nearness == buffer[pixels])
    pixels, first = np.unique(pixels[nearest], return_index=True)
    winner = nearest[first]
    return Seen(pixels, facing[at[winner]], (over_depth[:, winner] / nearness[winner]).T)


def _boxes(corners: Floats, size: int) -> tuple[Ints, Ints, Ints]:
    """Return each triangle's pixels, with some around it: the triangle, column and row of each."""
    low = np.ceil(corners[:, :, :2].min(axis=1) - 0.5).clip(0, size).astype(np.int64)
    high = np.floor(corners[:, :, :2].max(axis=1) - 0.5).clip(-1, size - 1).astype(np.int64)
    wide, tall = np.maximum(high - low + 1, 0).T
    counts = wide * tall
    at = np.repeat(np.arange(len(corners)), counts)
    starts = np.cumsum(counts) - counts
    within = np.arange(len(at)) - starts[at]
    rows, columns = np.divmod(within, wide[at])
    return at, columns + low[at, 0], rows + low[at, 1]


def _weights(corners: Floats, area: Floats, columns: Ints, rows: Ints) -> Floats:
    """Return the barycentric weights of pixels' centres, [3, n]."""
    x, y = columns.astype(np.float64) + 0.5, rows.astype(np.float64) + 0.5
    ax, ay, bx, by = corners[:, 0, 0], corners[:, 0, 1], corners[:, 1, 0], corners[:, 1, 1]
    cx, cy = corners[:, 2, 0], corners[:, 2, 1]
    of_a = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area
    of_b = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area
    return np.stack([of_a, of_b, 1 - of_a - of_b])
