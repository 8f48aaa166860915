"""Make doodles from careful sketches: fewer strokes, cut corners, an unsteady hand, a tiny size.

What people draw in a search box with a mouse or a finger is far from the sketches of a data set. A doodle is
made from the strokes of a sketch: some are dropped, the rest are simplified, distorted and drawn small.
"""

import numpy as np
from PIL import Image, ImageDraw

from model.sketch.drawings.normalise import CANVAS, NoDrawing
from model.sketch.drawings.strokes import Stroke, length, simplified, strokes
from model.sketch.drawings.thinning import thin

SMALLEST, LARGEST = 28, 96
"""Range of a doodle's side, in pixels."""


def doodle(drawing: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Redraw a normalised drawing as a square doodle of SMALLEST to LARGEST pixels, black on white, mode L.

    Raises:
        NoDrawing: the drawing has no line.
    """
    longest_first = sorted(strokes(thin(np.asarray(drawing.convert("L")) < 128)), key=length, reverse=True)
    if not longest_first:
        raise NoDrawing("the drawing has no line to follow")
    size = int(rng.integers(SMALLEST, LARGEST + 1))
    scale = size / CANVAS
    picture = Image.new("L", (size, size), 255)
    pen = ImageDraw.Draw(picture)
    main = _longest(longest_first, rng.uniform(0.75, 0.97))
    for stroke in _distorted([simplified(stroke, rng.uniform(3, 9)) for stroke in main], rng):
        points = [(float(x), float(y)) for x, y in stroke * scale]
        pen.line(points, fill=0, width=1 if size < 64 else 2, joint="curve")
    return picture


def _longest(longest_first: list[Stroke], share: float) -> list[Stroke]:
    """The longest strokes, up to a share of the total length; at least one."""
    lengths = np.cumsum([length(stroke) for stroke in longest_first])
    return longest_first[: int(np.searchsorted(lengths, share * lengths[-1])) + 1]


def _distorted(originals: list[Stroke], rng: np.random.Generator) -> list[Stroke]:
    """Move and scale each stroke, jitter each point, and stretch, shear and turn the whole drawing."""
    transform = np.eye(2) + rng.normal(0, 0.1, (2, 2))
    jitter = rng.uniform(0.5, 3.0)
    middle = CANVAS / 2
    distorted = []
    for stroke in originals:
        centre = stroke.mean(0)
        placed = centre + (stroke - centre) * rng.normal(1, 0.06, 2) + rng.normal(0, 3, 2)
        jittered = placed + rng.normal(0, jitter, stroke.shape)
        distorted.append(((jittered - middle) @ transform.T * 0.85 + middle).astype(np.float32))
    return distorted
