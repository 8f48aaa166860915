"""Rough drawings made from careful ones: few strokes, corners cut, a shaking hand, out of proportion, tiny.

What people draw in a search box with a mouse or a finger is far from the sketches of a data set. A sketch's middle
lines are followed into strokes; the strokes are thinned out, simplified, displaced and drawn small.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from model.drawings import CANVAS, Mask, NoDrawing, normalise, thin

Stroke = NDArray[np.float32]
"""Points (x, y) of one stroke, [n, 2], in pixels of the canvas."""
SMALLEST, LARGEST = 28, 96
"""Pixels of a doodle's side."""
AROUND = [(-1, 0), (0, -1), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)]


def doodle(drawing: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A rough form of a normalised drawing, of a side between SMALLEST and LARGEST, black on white, mode L.

    Raises:
        NoDrawing: there is no line in it.
    """
    drawn = sorted(strokes(thin(np.asarray(drawing.convert("L")) < 128)), key=_length, reverse=True)
    if not drawn:
        raise NoDrawing("there is no line to follow")
    size = int(rng.integers(SMALLEST, LARGEST + 1))
    scale = size / CANVAS
    picture = Image.new("L", (size, size), 255)
    pen = ImageDraw.Draw(picture)
    for stroke in _displaced([simplified(stroke, rng.uniform(3, 9)) for stroke in _most(drawn, rng.uniform(0.75, 0.97))], rng):
        points = [(float(x), float(y)) for x, y in stroke * scale]
        pen.line(points, fill=0, width=1 if size < 64 else 2, joint="curve")
    return picture


def rough(drawing: Image.Image, rng: np.random.Generator) -> Image.Image:
    """`doodle`, normalised as the service normalises it; the drawing itself where nothing is left of it."""
    try:
        return normalise(doodle(drawing, rng))
    except NoDrawing:
        return drawing


def strokes(lines: Mask) -> list[Stroke]:
    """Middle lines, one pixel wide, as strokes that end where the line ends or forks."""
    left = {(int(row), int(column)) for row, column in zip(*np.nonzero(lines), strict=True)}
    degree = {pixel: sum((pixel[0] + down, pixel[1] + right) in left for down, right in AROUND) for pixel in left}
    found: list[Stroke] = []
    for start in [*(pixel for pixel in degree if degree[pixel] == 1), *degree]:
        while start in left:
            path = _followed(start, left)
            if len(path) < 2:
                break
            found.append(np.array(path, np.float32)[:, ::-1].copy())
    return found


def _followed(start: tuple[int, int], left: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pixels from `start` on, straight ahead where there is a choice; they are taken out of `left`."""
    path, ahead = [start], (0, 0)
    left.discard(start)
    while True:
        row, column = path[-1]
        open_ = [step for step in AROUND if (row + step[0], column + step[1]) in left]
        if not open_:
            return path
        ahead = max(open_, key=lambda step: step[0] * ahead[0] + step[1] * ahead[1])
        path.append((row + ahead[0], column + ahead[1]))
        left -= {path[-1], (row + ahead[0], column), (row, column + ahead[1])}  # and the corners that a slanting step cuts


def simplified(stroke: Stroke, tolerance: float) -> Stroke:
    """Fewer points, none of the others further than `tolerance` from the line through them (Douglas & Peucker, 1973)."""
    first, last = stroke[0], stroke[-1]
    chord = last - first
    length = float(np.hypot(*chord))
    offset = stroke - first
    away = np.abs(offset[:, 0] * chord[1] - offset[:, 1] * chord[0]) / length if length > 1e-6 else np.hypot(offset[:, 0], offset[:, 1])
    furthest = int(away.argmax())
    if away[furthest] <= tolerance or len(stroke) < 3:
        return np.stack([first, last])
    return np.concatenate([simplified(stroke[: furthest + 1], tolerance)[:-1], simplified(stroke[furthest:], tolerance)])


def _length(stroke: Stroke) -> float:
    return float(np.hypot(*np.diff(stroke, axis=0).T).sum())


def _most(longest_first: list[Stroke], share: float) -> list[Stroke]:
    """The longest strokes, up to a share of all that is drawn; at least one."""
    lengths = np.cumsum([_length(stroke) for stroke in longest_first])
    return longest_first[: int(np.searchsorted(lengths, share * lengths[-1])) + 1]


def _displaced(drawn: list[Stroke], rng: np.random.Generator) -> list[Stroke]:
    """Each stroke off its place and size, each point off the line; the whole stretched, sheared and turned a little."""
    whole = np.eye(2) + rng.normal(0, 0.1, (2, 2))
    shake = rng.uniform(0.5, 3.0)
    middle = CANVAS / 2
    moved = []
    for stroke in drawn:
        own = stroke.mean(0)
        placed = own + (stroke - own) * rng.normal(1, 0.06, 2) + rng.normal(0, 3, 2)
        moved.append(((placed + rng.normal(0, shake, stroke.shape) - middle) @ whole.T * 0.85 + middle).astype(np.float32))
    return moved
