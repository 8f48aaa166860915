"""Strokes of a drawing: trace centre lines into point sequences, smooth and simplify them."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
Stroke = NDArray[np.float32]
"""Points (x, y) of one stroke in pixels, [n, 2]."""
NEIGHBOURS = ((-1, 0), (0, -1), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
"""Steps (down, right) to a pixel's neighbours."""
STRAIGHTEST = [
    sorted(range(8), key=lambda way: -sum(np.multiply(NEIGHBOURS[way], NEIGHBOURS[last])))
    for last in range(8)
] + [list(range(8))]
"""Order in which to try the next step, straight ahead first: after each of the 8 steps, and at the start."""


def strokes(lines: Mask) -> list[Stroke]:
    """Trace centre lines, one pixel wide, into strokes that end where a line ends or forks; skip dots."""
    width = lines.shape[1] + 2
    padded = np.pad(lines, 1)
    remaining = bytearray(padded.tobytes())
    pixels = np.flatnonzero(padded)
    neighbours = np.frombuffer(remaining, np.uint8)[
        pixels[:, None] + [width * down + right for down, right in NEIGHBOURS]
    ].sum(1)
    found: list[Stroke] = []
    for start in [*pixels[neighbours == 1].tolist(), *pixels.tolist()]:
        if remaining[start] and len(path := _trace(start, remaining, width)) > 1:
            found.append(np.stack(np.divmod(path, width)[::-1], 1).astype(np.float32) - 1)
    return found


def _trace(start: int, remaining: bytearray, width: int) -> list[int]:
    """Follow a line from `start`, straight ahead at forks, and remove its pixels from `remaining`."""
    steps = [width * down + right for down, right in NEIGHBOURS]
    path, ahead, here = [start], len(NEIGHBOURS), start
    remaining[start] = False
    while True:
        for way in STRAIGHTEST[ahead]:
            if remaining[here + steps[way]]:
                break
        else:
            return path
        down, right = NEIGHBOURS[way]
        remaining[here + steps[way]] = False
        remaining[here + width * down] = remaining[here + right] = False  # corners that a diagonal step cuts
        here, ahead = here + steps[way], way
        path.append(here)


def smoothed(stroke: Stroke, deviation: float) -> Stroke:
    """Smooth a stroke [n, 2] with a Gaussian along it; the ends stay in place.

    Args:
        stroke: the points.
        deviation: of the Gaussian, in points; it is cut off at 4 deviations.
    """
    reach = int(4 * deviation) + 1
    padded = np.pad(stroke, ((reach, reach), (0, 0)), "reflect", reflect_type="odd")
    smooth: Stroke = ndimage.gaussian_filter1d(padded, deviation, axis=0)[reach:-reach]
    return smooth


def simplified(stroke: Stroke, tolerance: float) -> Stroke:
    """Drop points within `tolerance` pixels of the line through the others (Douglas & Peucker, 1973)."""
    first, last = stroke[0], stroke[-1]
    chord = last - first
    chord_length = float(np.hypot(*chord))
    offset = stroke - first
    distance = (
        np.abs(offset[:, 0] * chord[1] - offset[:, 1] * chord[0]) / chord_length
        if chord_length > 1e-6
        else np.hypot(offset[:, 0], offset[:, 1])
    )
    furthest = int(distance.argmax())
    if distance[furthest] <= tolerance or len(stroke) < 3:
        return np.stack([first, last])
    before = simplified(stroke[: furthest + 1], tolerance)
    after = simplified(stroke[furthest:], tolerance)
    return np.concatenate([before[:-1], after])


def length(stroke: Stroke) -> float:
    """Length along a stroke, in pixels."""
    return float(np.hypot(*np.diff(stroke, axis=0).T).sum())
