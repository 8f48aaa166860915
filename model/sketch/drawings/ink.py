"""Find the ink of a drawing on any paper."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from model.errors import UserError
from model.sketch.drawings.reduction import reduced
from model.sketch.drawings.ruling import without_ruling

MAX_SIDE = 512
"""Longest side at which ink is searched for, in pixels; larger pictures are reduced first."""
FAINTEST, FAINTEST_WITH_NOISE = 0.03, 0.1
"""Smallest difference between ink and paper, as a share of the value range: on clean and on noisy paper."""
NOISE = 6
"""Ink differs from the paper by this many times the paper's median deviation."""
MIN_INK, MAX_INK = 2e-4, 0.6
"""Range of the share of ink in a drawing; outside it there is no drawing."""
MIN_DIAGONAL = 0.012
"""Smallest diagonal of connected ink, as a share of the picture's side; smaller pieces are dirt.

If most of the ink is in small pieces, all of them are kept.
"""
RULING = 0.15
"""Contrast from which a line may be printed, as a share of the ink's."""
SMALLEST, SMALL, AROUND = 0.02, 0.5, 0.25
"""A drawing with such a share of the side is cut out with a margin, and searched for again; less is dirt."""

MIN_INNER = 0.3
"""Smallest share of the ink that does not reach the border, where such pieces are removed."""

Grey = NDArray[np.float32]
NO_INK = "the picture has no ink; send a drawing in one colour on plain paper"


class NoDrawing(UserError):
    """The picture has no drawing."""


def without_border_pieces(confidence: Grey) -> Grey:
    """Remove pieces of ink that reach the border, if others are left: remains of a sheet's edges."""
    pieces, _ = ndimage.label(confidence > 0.5, np.ones((3, 3)))
    border = np.ones_like(pieces, bool)
    border[2:-2, 2:-2] = False
    inner = (pieces > 0) & ~np.isin(pieces, np.unique(pieces[border]))
    if np.count_nonzero(inner) < MIN_INNER * np.count_nonzero(pieces):
        return confidence
    return np.where(ndimage.maximum_filter(inner, 3), confidence, 0).astype(np.float32)


def ink(image: Image.Image) -> Grey:
    """Confidence that each pixel is ink, [h, w] from 0 to 1.

    The picture is reduced to `MAX_SIDE` first. If the drawing takes only a small part of it, that part is cut
    out of the full picture, so that thin strokes are not lost.

    Raises:
        NoDrawing: the picture has no ink, or is nearly all ink.
    """
    confidence = _confidence(image)
    rows, columns = np.nonzero(confidence > 0.5)
    side = max(np.ptp(rows), np.ptp(columns)) + 1 if len(rows) else 0
    scale, longest = max(image.size) / max(confidence.shape), max(confidence.shape)
    if scale >= 1.2 and SMALLEST * longest <= side <= SMALL * longest:
        margin = AROUND * side + 2
        box = (columns.min() - margin, rows.min() - margin, columns.max() + margin, rows.max() + margin)
        left, top, right, bottom = (round(float(edge) * scale) for edge in box)
        part = image.crop((max(0, left), max(0, top), min(image.width, right), min(image.height, bottom)))
        confidence = _confidence(part)
    share = float((confidence > 0.5).mean())
    if share < MIN_INK:
        raise NoDrawing(NO_INK)
    if share > MAX_INK:
        raise NoDrawing("the picture is nearly all ink; send a drawing in lines on plain paper")
    return confidence


def _confidence(image: Image.Image) -> Grey:
    small = reduced(image, MAX_SIDE)
    pixels = np.asarray(small, np.float32).transpose(2, 0, 1).copy() / np.float32(255)
    contrast = np.abs(pixels - paper(pixels)).max(0)
    noise = float(np.median(contrast))
    faintest = min(max(FAINTEST, NOISE * noise), FAINTEST_WITH_NOISE)
    strongest = _strongest(contrast, faintest)
    contrast = without_ruling(contrast, max(faintest, RULING * strongest))
    threshold = max(faintest, min(NOISE * noise, 0.6 * strongest), 0.4 * strongest)
    return _without_specks(np.clip((contrast / threshold - 0.6) / 0.8, 0, 1).astype(np.float32))


def _strongest(contrast: Grey, faintest: float) -> float:
    """The contrast of the ink: the mean of the strongest pixels, of fewer ones if the drawing is tiny.

    Raises:
        NoDrawing: it is below `faintest`.
    """
    for part in (400, 4000):
        count = contrast.size // part + 1
        strongest = float(np.partition(contrast.ravel(), -count)[-count:].mean())
        if strongest >= faintest:
            return strongest
    raise NoDrawing(NO_INK)


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
