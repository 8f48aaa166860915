"""Normalise drawings: find the ink on any paper, crop to it, and redraw it in strokes of one width.

Training, indexing and the service all use `normalise`. A phone photo of a sheet on a desk, white chalk on
black, a filled shape, a thin line in a corner and an unsteady hand thus become the same picture as a clean
drawing of the same shape.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from model.sketch.drawings.fills import outlined
from model.sketch.drawings.ink import MAX_SIDE, Grey, NoDrawing, ink, without_border_pieces
from model.sketch.drawings.sheet import cut_out_sheet
from model.sketch.drawings.strokes import Mask, Stroke, length, smoothed, strokes
from model.sketch.drawings.thinning import thin

__all__ = ["CANVAS", "SMALLEST_SIDE", "VERSION", "NoDrawing", "normalise"]

VERSION = 4
"""Version of the output of `normalise`, part of drawings' cache keys. Raise it when the output changes."""

CANVAS = 256
"""Side of a normalised drawing, in pixels."""
MARGIN = 0.06
"""Free margin on each side of the ink, as a share of the canvas."""
STROKE = 3.0
"""Width of all strokes, in pixels of the canvas."""
SMALLEST_SIDE = 2 * MAX_SIDE
"""Pixels that both sides of a drawing need. A larger one may be reduced by a whole number before."""
MAX_TREMOR = 0.235
"""Tremor above which strokes are smoothed: the points' median distance from smoothed strokes, in pixels."""
TREMOR_DEVIATION, TREMOR_POINTS = 2.0, 12
"""How tremor is measured: deviation of the smoothing, in points, and fewest points of a measured stroke."""
SMOOTHING, LENGTH_PER_DEVIATION = 5.5, 10
"""Deviation of the smoothing of trembling strokes, in points; at most a tenth of the stroke's length."""


def normalise(image: Image.Image) -> Image.Image:
    """Redraw any drawing as black strokes of one width on white, [CANVAS, CANVAS], mode L.

    Raises:
        NoDrawing: the picture has no ink, or is nearly all ink.
    """
    sheet = cut_out_sheet(image)
    confidence = ink(image) if sheet is None else without_border_pieces(ink(sheet))
    centred, scale = _centred(confidence)
    lines = _steadied(thin(outlined(centred > 0.5, scale)))
    distance = ndimage.distance_transform_edt(~lines)
    strength = np.clip(STROKE / 2 + 0.5 - distance, 0, 1)
    return Image.fromarray((255 * (1 - strength)).round().astype(np.uint8))


def _centred(confidence: Grey) -> tuple[Grey, float]:
    """Crop to the ink and scale it to the canvas without its margin: [CANVAS, CANVAS] and the scale."""
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
    centred = padded.resize((CANVAS, CANVAS), Image.Resampling.BILINEAR, box=padded_box)
    return np.asarray(centred), CANVAS / side


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
