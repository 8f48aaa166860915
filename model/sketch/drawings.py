"""Drawings as a sketch model wants them: the ink found on any paper, cropped to it, centred, in strokes of one width.

Training, indexing and the service all take this one way, so that a grey phone photo, white chalk on black, a thin
line in a corner and a trembling hand come to the same picture as a clean drawing of the same shape.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from model.errors import UserError
from model.sketch.strokes import Mask, Stroke, length, smoothed, strokes

VERSION = 3
"""Of what `normalise` gives; part of the cache keys of drawings. Raise it with any change."""

CANVAS = 256
"""Pixels of a side of a normalised drawing."""
MARGIN = 0.06
"""Of the canvas, left free on each side of the ink."""
STROKE = 3.0
"""Width of all strokes, in pixels of the canvas."""
LONGEST = 512
"""Larger pictures are reduced to this side first."""
FAINTEST = 0.1
"""Distance from the paper, of the range, below which nothing is ink."""
LEAST_INK, MOST_INK = 2e-4, 0.6
"""Shares of the picture between which there is a drawing."""
SPECK = 0.012
"""Connected ink whose diagonal is below this share of the picture's side is dirt, unless most of the ink is."""
TREMBLING = 0.235
"""Median distance of the strokes' points from their means over a deviation of `NEAR` points, in pixels, beyond which the hand trembled."""
NEAR, MARK = 2.0, 12
"""Strokes of fewer points than `MARK` tell nothing of the hand."""
SMOOTHING, SHORT = 5.5, 10
"""Deviation, in points, by which a trembling hand's strokes are smoothed; it is at most a stroke's length divided by `SHORT`."""

Grey = NDArray[np.float32]


class NoDrawing(UserError):
    """There is no drawing in the picture; a sentence that says why."""


def normalise(image: Image.Image) -> Image.Image:
    """A drawing in any ink on any paper as black strokes of one width on white, [CANVAS, CANVAS], mode L.

    Raises:
        NoDrawing: no ink, or hardly anything else.
    """
    lines = _steadied(thin(_centred(ink(image)) > 0.5))
    away = ndimage.distance_transform_edt(~lines)
    drawn = np.clip(STROKE / 2 + 0.5 - away, 0, 1)
    return Image.fromarray((255 * (1 - drawn)).round().astype(np.uint8))


def ink(image: Image.Image) -> Grey:
    """How surely each pixel is ink, [h, w] of 0-1, at the picture's size or reduced to `LONGEST`.

    Raises:
        NoDrawing: as `normalise`.
    """
    small = image.convert("RGB")
    small.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
    pixels = np.asarray(small, np.float32).transpose(2, 0, 1).copy() / np.float32(255)
    away = np.abs(pixels - paper(pixels)).max(0)
    strongest = float(np.partition(away.ravel(), -(away.size // 400 + 1))[-(away.size // 400 + 1) :].mean())
    if strongest < FAINTEST:
        raise NoDrawing("the picture has no ink: a drawing in one colour on plain paper is wanted")
    noise = 6 * float(np.median(away))
    threshold = max(FAINTEST, min(noise, 0.6 * strongest), 0.4 * strongest)
    found = _without_specks(np.clip((away / threshold - 0.6) / 0.8, 0, 1).astype(np.float32))
    share = float((found > 0.5).mean())
    if share < LEAST_INK:
        raise NoDrawing("the picture has no ink: a drawing in one colour on plain paper is wanted")
    if share > MOST_INK:
        raise NoDrawing("the picture is nearly all ink: a drawing in lines on plain paper is wanted")
    return found


def paper(pixels: Grey) -> Grey:
    """The paper's colour at each pixel, [3, h, w] as `pixels`: a quadratic surface through what is not ink, so shading may vary.

    Fitted by iteratively reweighted least squares (Cauchy weights) from the border's median colour on.
    """
    height, width = pixels.shape[1:]
    step = max(1, max(height, width) // 64)
    few = pixels[:, ::step, ::step].transpose(1, 2, 0).copy()
    basis = _quadratic(*few.shape[:2])
    colours = few.reshape(-1, 3)
    edge = np.ones(few.shape[:2], bool)
    edge[
        few.shape[0] // 10 + 1 : -(few.shape[0] // 10 + 1), few.shape[1] // 10 + 1 : -(few.shape[1] // 10 + 1)
    ] = False
    fitted = np.broadcast_to(np.median(few[edge], axis=0), colours.shape)
    surface = np.zeros((basis.shape[1], 3), np.float32)
    for _ in range(8):
        residual = np.maximum.reduce(np.abs(colours - fitted).T.copy())
        scale = min(
            max(0.02, 1.5 * float(np.median(residual))), 0.15
        )  # bounded: even large ink must not pass for the paper
        weights = (1 / (1 + (residual / scale) ** 2) ** 2)[:, None]
        surface = np.linalg.solve(
            basis.T @ (weights * basis) + 1e-3 * np.eye(basis.shape[1]), basis.T @ (weights * colours)
        )
        fitted = basis @ surface
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
    one, of_x, of_y, of_xx, of_xy, of_yy = surface[..., None, None]
    return np.asarray(
        (one + x * of_x + x * x * of_xx) + (y * of_y + y * y * of_yy) + y * (x * of_xy), np.float32
    )


def _quadratic(height: int, width: int) -> Grey:
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1).reshape(-1, 6).astype(np.float32)


def _without_specks(found: Grey) -> Grey:
    parts, count = ndimage.label(found > 0.5, np.ones((3, 3)))
    if count == 0:
        return found
    smallest = SPECK * max(found.shape)
    boxes = ndimage.find_objects(parts)
    kept = np.array(
        [False]
        + [
            np.hypot(rows.stop - rows.start, columns.stop - columns.start) >= smallest
            for rows, columns in boxes
        ]
    )
    if np.count_nonzero(kept[parts]) < 0.5 * np.count_nonzero(parts):
        return found
    return np.where(ndimage.maximum_filter(kept[parts], 3), found, 0).astype(np.float32)


def _centred(found: Grey) -> Grey:
    """Cropped to the ink and scaled to fill the canvas but for its margin, [CANVAS, CANVAS]."""
    rows, columns = np.flatnonzero((found > 0.5).any(1)), np.flatnonzero((found > 0.5).any(0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    side = max(bottom - top, right - left) / (1 - 2 * MARGIN)
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    box = (middle_x - side / 2, middle_y - side / 2, middle_x + side / 2, middle_y + side / 2)
    margin = int(np.ceil(side))
    padded = Image.new("F", (found.shape[1] + 2 * margin, found.shape[0] + 2 * margin))
    padded.paste(Image.fromarray(found), (margin, margin))
    moved = (box[0] + margin, box[1] + margin, box[2] + margin, box[3] + margin)
    return np.asarray(padded.resize((CANVAS, CANVAS), Image.Resampling.BILINEAR, box=moved))


def _steadied(lines: Mask) -> Mask:
    """Middle lines as they are or, where the hand trembled, with every stroke smoothed along its way; dots stay."""
    drawn = strokes(lines)
    if _tremor(drawn) <= TREMBLING:
        return lines
    dots = lines & (ndimage.uniform_filter(lines.astype(np.float32), 3, mode="constant") < 1.5 / 9)
    steady = Image.fromarray(dots)
    pen = ImageDraw.Draw(steady)
    for stroke in drawn:
        smooth = smoothed(stroke, min(SMOOTHING, length(stroke) / SHORT))
        pen.line([(float(x), float(y)) for x, y in smooth], fill=1)
    return np.asarray(steady)


def _tremor(drawn: list[Stroke]) -> float:
    away = [np.hypot(*(stroke - smoothed(stroke, NEAR)).T) for stroke in drawn if len(stroke) >= MARK]
    return float(np.median(np.concatenate(away))) if away else 0.0


def thin(mask: Mask) -> Mask:
    """The strokes' middle lines, one pixel wide and connected as the strokes are (Zhang & Suen, 1984)."""
    lines = np.pad(mask, 1).astype(np.uint8)
    flat, width = lines.ravel(), lines.shape[1]
    around = np.array(
        [-width, 1 - width, 1, 1 + width, width, width - 1, -1, -1 - width]
    )  # from the north, clockwise
    left = np.flatnonzero(flat)
    before = -1
    while len(left) != before:
        before = len(left)
        for gone in _GONE:
            going = gone[np.packbits(flat[left[:, None] + around], axis=1)[:, 0]]
            flat[left[going]] = 0
            left = left[~going]
    return lines[1:-1, 1:-1].astype(bool)


def _gone() -> tuple[Mask, Mask]:
    """Whether a pixel goes in the first and in the second of thinning's two passes, by its neighbours' bits: [256] each."""
    p = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).T.astype(bool)
    north, _, east, _, south, _, west, _ = p
    neighbours = p.sum(0)
    rises = (~p & np.roll(p, -1, axis=0)).sum(0)
    may_go = (neighbours >= 2) & (neighbours <= 6) & (rises == 1)
    return may_go & ~(east & south & (north | west)), may_go & ~(north & west & (east | south))


_GONE = _gone()
