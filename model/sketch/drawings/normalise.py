"""Normalise drawings: find the ink on any paper, crop to it, and redraw it in strokes of one width.

Training, indexing and the service all use `normalise`. A phone photo on grey paper, white chalk on black, a
thin line in a corner and an unsteady hand thus become the same picture as a clean drawing of the same shape.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from model.errors import UserError
from model.sketch.drawings.strokes import Mask, Stroke, length, smoothed, strokes

VERSION = 3
"""Version of the output of `normalise`, part of drawings' cache keys. Raise it when the output changes."""

CANVAS = 256
"""Side of a normalised drawing, in pixels."""
MARGIN = 0.06
"""Free margin on each side of the ink, as a share of the canvas."""
STROKE = 3.0
"""Width of all strokes, in pixels of the canvas."""
MAX_SIDE = 512
"""Longest side at which ink is detected, in pixels; larger pictures are reduced first."""
SMALLEST_SIDE = 2 * MAX_SIDE
"""Pixels that both sides of a drawing need. A larger one may be reduced by a whole number before."""
MIN_CONTRAST = 0.1
"""Smallest difference between ink and paper, as a share of the value range."""
MIN_INK, MAX_INK = 2e-4, 0.6
"""Range of the share of ink in a drawing; outside it there is no drawing."""
MIN_DIAGONAL = 0.012
"""Smallest diagonal of connected ink, as a share of the picture's side; smaller pieces are dirt.

If most of the ink is in small pieces, all of them are kept.
"""
MAX_TREMOR = 0.235
"""Tremor above which strokes are smoothed: the points' median distance from smoothed strokes, in pixels."""
TREMOR_DEVIATION, TREMOR_POINTS = 2.0, 12
"""How tremor is measured: deviation of the smoothing, in points, and fewest points of a measured stroke."""
SMOOTHING, LENGTH_PER_DEVIATION = 5.5, 10
"""Deviation of the smoothing of trembling strokes, in points; at most a tenth of the stroke's length."""

Grey = NDArray[np.float32]


class NoDrawing(UserError):
    """The picture has no drawing."""


def normalise(image: Image.Image) -> Image.Image:
    """Redraw any drawing as black strokes of one width on white, [CANVAS, CANVAS], mode L.

    Raises:
        NoDrawing: the picture has no ink, or is nearly all ink.
    """
    lines = _steadied(thin(_centred(ink(image)) > 0.5))
    distance = ndimage.distance_transform_edt(~lines)
    strength = np.clip(STROKE / 2 + 0.5 - distance, 0, 1)
    return Image.fromarray((255 * (1 - strength)).round().astype(np.uint8))


def ink(image: Image.Image) -> Grey:
    """Confidence that each pixel is ink, [h, w] from 0 to 1; larger pictures are reduced to `MAX_SIDE`.

    Raises:
        NoDrawing: the picture has no ink, or is nearly all ink.
    """
    small = image.convert("RGB")
    small.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.BOX)
    pixels = np.asarray(small, np.float32).transpose(2, 0, 1).copy() / np.float32(255)
    contrast = np.abs(pixels - paper(pixels)).max(0)
    count = contrast.size // 400 + 1
    strongest = float(np.partition(contrast.ravel(), -count)[-count:].mean())
    if strongest < MIN_CONTRAST:
        raise NoDrawing("the picture has no ink; send a drawing in one colour on plain paper")
    noise = 6 * float(np.median(contrast))
    threshold = max(MIN_CONTRAST, min(noise, 0.6 * strongest), 0.4 * strongest)
    confidence = _without_specks(np.clip((contrast / threshold - 0.6) / 0.8, 0, 1).astype(np.float32))
    share = float((confidence > 0.5).mean())
    if share < MIN_INK:
        raise NoDrawing("the picture has no ink; send a drawing in one colour on plain paper")
    if share > MAX_INK:
        raise NoDrawing("the picture is nearly all ink; send a drawing in lines on plain paper")
    return confidence


def paper(pixels: Grey) -> Grey:
    """The paper's colour at each pixel, [3, h, w]: a quadratic surface, so the light may be uneven.

    The surface is fitted by iteratively reweighted least squares with Cauchy weights, which discount the ink.
    The fit starts from the median colour of the border.

    Args:
        pixels: the picture, [3, h, w] from 0 to 1.
    """
    height, width = pixels.shape[1:]
    step = max(1, max(height, width) // 64)
    sample = pixels[:, ::step, ::step].transpose(1, 2, 0).copy()
    rows, columns = sample.shape[:2]
    basis = _quadratic(rows, columns)
    colours = sample.reshape(-1, 3)
    border = np.ones((rows, columns), bool)
    border[rows // 10 + 1 : -(rows // 10 + 1), columns // 10 + 1 : -(columns // 10 + 1)] = False
    fitted = np.broadcast_to(np.median(sample[border], axis=0), colours.shape)
    surface = np.zeros((basis.shape[1], 3), np.float32)
    for _ in range(8):
        residual = np.maximum.reduce(np.abs(colours - fitted).T.copy())
        # The upper bound keeps large areas of ink from being fitted as paper.
        scale = min(max(0.02, 1.5 * float(np.median(residual))), 0.15)
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


def _without_specks(confidence: Grey) -> Grey:
    """Remove small pieces of ink, unless they are most of it."""
    pieces, count = ndimage.label(confidence > 0.5, np.ones((3, 3)))
    if count == 0:
        return confidence
    smallest = MIN_DIAGONAL * max(confidence.shape)
    diagonals = [
        np.hypot(rows.stop - rows.start, columns.stop - columns.start)
        for rows, columns in ndimage.find_objects(pieces)
    ]
    large = np.array([False] + [diagonal >= smallest for diagonal in diagonals])  # label 0 is the paper
    if np.count_nonzero(large[pieces]) < 0.5 * np.count_nonzero(pieces):
        return confidence
    return np.where(ndimage.maximum_filter(large[pieces], 3), confidence, 0).astype(np.float32)


def _centred(confidence: Grey) -> Grey:
    """Crop to the ink and scale it to the canvas without its margin, [CANVAS, CANVAS]."""
    strong = confidence > 0.5
    rows, columns = np.flatnonzero(strong.any(1)), np.flatnonzero(strong.any(0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    side = max(bottom - top, right - left) / (1 - 2 * MARGIN)
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    box = (middle_x - side / 2, middle_y - side / 2, middle_x + side / 2, middle_y + side / 2)
    margin = int(np.ceil(side))
    padded = Image.new("F", (confidence.shape[1] + 2 * margin, confidence.shape[0] + 2 * margin))
    padded.paste(Image.fromarray(confidence), (margin, margin))
    padded_box = (box[0] + margin, box[1] + margin, box[2] + margin, box[3] + margin)
    return np.asarray(padded.resize((CANVAS, CANVAS), Image.Resampling.BILINEAR, box=padded_box))


def _steadied(lines: Mask) -> Mask:
    """Smooth the centre lines if the hand trembled; keep single dots."""
    traced = strokes(lines)
    if _tremor(traced) <= MAX_TREMOR:
        return lines
    dots = lines & (ndimage.uniform_filter(lines.astype(np.float32), 3, mode="constant") < 1.5 / 9)
    steady = Image.fromarray(dots)
    pen = ImageDraw.Draw(steady)
    for stroke in traced:
        smooth = smoothed(stroke, min(SMOOTHING, length(stroke) / LENGTH_PER_DEVIATION))
        pen.line([(float(x), float(y)) for x, y in smooth], fill=1)
    return np.asarray(steady)


def _tremor(traced: list[Stroke]) -> float:
    """Median distance of the points of long strokes from the smoothed strokes, in pixels."""
    distances = [
        np.hypot(*(stroke - smoothed(stroke, TREMOR_DEVIATION)).T)
        for stroke in traced
        if len(stroke) >= TREMOR_POINTS
    ]
    return float(np.median(np.concatenate(distances))) if distances else 0.0


def thin(mask: Mask) -> Mask:
    """Centre lines of strokes, one pixel wide and connected as the strokes are (Zhang & Suen, 1984)."""
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
