"""Drawings as strokes: middle lines followed from end to end, smoothed and simplified."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
Stroke = NDArray[np.float32]
"""Points (x, y) of one stroke, [n, 2], in pixels."""
AROUND = ((-1, 0), (0, -1), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
"""Steps (down, right) to a pixel's neighbours."""
STRAIGHTEST = [
    sorted(range(8), key=lambda way: -sum(np.multiply(AROUND[way], AROUND[last]))) for last in range(8)
] + [list(range(8))]
"""In which order the next step is looked for, after each and at the start."""


def strokes(lines: Mask) -> list[Stroke]:
    """Middle lines, one pixel wide, as strokes that end where the line ends or forks; dots are none."""
    width = lines.shape[1] + 2
    padded = np.pad(lines, 1)
    left = bytearray(padded.tobytes())
    places = np.flatnonzero(padded)
    neighbours = np.frombuffer(left, np.uint8)[
        places[:, None] + [width * down + right for down, right in AROUND]
    ].sum(1)
    found: list[Stroke] = []
    for start in [*places[neighbours == 1].tolist(), *places.tolist()]:
        if left[start] and len(path := _followed(start, left, width)) > 1:
            found.append(np.stack(np.divmod(path, width)[::-1], 1).astype(np.float32) - 1)
    return found


def _followed(start: int, left: bytearray, width: int) -> list[int]:
    """Pixels from `start` on, straight ahead where there is a choice; they are taken out of `left`."""
    steps = [width * down + right for down, right in AROUND]
    path, ahead, here = [start], len(AROUND), start
    left[start] = False
    while True:
        for way in STRAIGHTEST[ahead]:
            if left[here + steps[way]]:
                break
        else:
            return path
        down, right = AROUND[way]
        left[here + steps[way]] = left[here + width * down] = left[here + right] = (
            False  # and the corners that a slanting step cuts
        )
        here, ahead = here + steps[way], way
        path.append(here)


def smoothed(stroke: Stroke, deviation: float) -> Stroke:
    """Each point at the Gaussian mean of those along the stroke, [n, 2]; both ends stay. `deviation` is in points."""
    reach = int(4 * deviation) + 1  # beyond which the Gaussian is cut off
    longer = np.pad(stroke, ((reach, reach), (0, 0)), "reflect", reflect_type="odd")
    along: Stroke = ndimage.gaussian_filter1d(longer, deviation, axis=0)[reach:-reach]
    return along


def simplified(stroke: Stroke, tolerance: float) -> Stroke:
    """Fewer points, none of the others further than `tolerance` from the line through them (Douglas & Peucker, 1973)."""
    first, last = stroke[0], stroke[-1]
    chord = last - first
    length = float(np.hypot(*chord))
    offset = stroke - first
    away = (
        np.abs(offset[:, 0] * chord[1] - offset[:, 1] * chord[0]) / length
        if length > 1e-6
        else np.hypot(offset[:, 0], offset[:, 1])
    )
    furthest = int(away.argmax())
    if away[furthest] <= tolerance or len(stroke) < 3:
        return np.stack([first, last])
    return np.concatenate(
        [simplified(stroke[: furthest + 1], tolerance)[:-1], simplified(stroke[furthest:], tolerance)]
    )


def length(stroke: Stroke) -> float:
    """From end to end along it, in pixels."""
    return float(np.hypot(*np.diff(stroke, axis=0).T).sum())
