"""Rough drawings made from careful ones: few strokes, corners cut, a shaking hand, out of proportion, tiny.

What people draw in a search box with a mouse or a finger is far from the sketches of a data set. A sketch's middle
lines are followed into strokes; the strokes are thinned out, simplified, displaced and drawn small.
"""

import numpy as np
from PIL import Image, ImageDraw

from model.sketch.drawings import CANVAS, NoDrawing, normalise, thin
from model.sketch.strokes import Stroke, length, simplified, strokes

SMALLEST, LARGEST = 28, 96
"""Pixels of a doodle's side."""


def doodle(drawing: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A rough form of a normalised drawing, of a side between SMALLEST and LARGEST, black on white, mode L.

    Raises:
        NoDrawing: there is no line in it.
    """
    drawn = sorted(strokes(thin(np.asarray(drawing.convert("L")) < 128)), key=length, reverse=True)
    if not drawn:
        raise NoDrawing("there is no line to follow")
    size = int(rng.integers(SMALLEST, LARGEST + 1))
    scale = size / CANVAS
    picture = Image.new("L", (size, size), 255)
    pen = ImageDraw.Draw(picture)
    for stroke in _displaced(
        [simplified(stroke, rng.uniform(3, 9)) for stroke in _most(drawn, rng.uniform(0.75, 0.97))], rng
    ):
        points = [(float(x), float(y)) for x, y in stroke * scale]
        pen.line(points, fill=0, width=1 if size < 64 else 2, joint="curve")
    return picture


def rough(drawing: Image.Image, rng: np.random.Generator) -> Image.Image:
    """`doodle`, normalised as the service normalises it; the drawing itself where nothing is left of it."""
    try:
        return normalise(doodle(drawing, rng))
    except NoDrawing:
        return drawing


def _most(longest_first: list[Stroke], share: float) -> list[Stroke]:
    """The longest strokes, up to a share of all that is drawn; at least one."""
    lengths = np.cumsum([length(stroke) for stroke in longest_first])
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
        moved.append(
            ((placed + rng.normal(0, shake, stroke.shape) - middle) @ whole.T * 0.85 + middle).astype(
                np.float32
            )
        )
    return moved
