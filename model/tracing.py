"""Line drawings traced from photos: their strong, long edges, as a hand that follows outlines would draw them.

More sketches than a data set has, each of the very picture beside it: what training takes for some of the sketches.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from model.drawings import CANVAS, Grey, Mask, NoDrawing, normalise

SMOOTHING = 2.0
"""Deviation of the Gaussian whose derivatives find edges, in pixels of the canvas."""
STRONG, WEAK, FAINT = 0.9, 0.4, 0.2
"""An edge has a point nearly as strong as the strongest tenth of all, and none below a share of that; nor is it faint beside the very strongest."""
NEARLY = 0.8
SHORTEST, LONGEST = 18, 1500
"""Pixels of one edge, at least, and of all edges together, at most."""
BORDER = 3
"""Pixels at the photo's border in which there are no edges."""


def traced(photo: Image.Image) -> Image.Image:
    """The photo's strongest edges, normalised as a sketch is (`model.drawings`): [CANVAS, CANVAS], mode L.

    Raises:
        NoDrawing: it has no edge that is long enough.
    """
    pixels = np.asarray(photo.convert("RGB").resize((CANVAS, CANVAS), Image.Resampling.BICUBIC), np.float32) / np.float32(255)
    lines = _longest(*_ridges(pixels))
    if not lines.any():
        raise NoDrawing("the photo has no outlines")
    return normalise(Image.fromarray(np.where(ndimage.binary_dilation(lines), 0, 255).astype(np.uint8)))


def _ridges(pixels: Grey) -> tuple[Mask, Grey]:
    """Where the gradient is greatest along its own direction (Canny, 1986), and how strong it is: both [h, w]."""
    channels = pixels.transpose(2, 0, 1)
    down, right = (np.stack([ndimage.gaussian_filter(channel, SMOOTHING, order=order) for channel in channels]) for order in ((1, 0), (0, 1)))
    strongest = np.hypot(down, right).argmax(0)[None]
    down, right = (np.take_along_axis(each, strongest, 0)[0] for each in (down, right))
    strength = np.hypot(down, right)
    places = np.mgrid[: strength.shape[0], : strength.shape[1]]
    step = np.stack([down, right]) / np.maximum(strength, 1e-6)
    ahead, behind = (ndimage.map_coordinates(strength, places + way * step, order=1, mode="nearest") for way in (1, -1))
    ridge = (strength >= ahead) & (strength >= behind)
    inside = np.zeros_like(ridge)
    inside[BORDER:-BORDER, BORDER:-BORDER] = True
    return ridge & inside, strength


def _longest(ridge: Mask, strength: Grey) -> Mask:
    """The edges that add up to most strength, until there are enough lines for a drawing."""
    strong, strongest = (float(each) for each in np.quantile(strength[ridge], (STRONG, 0.99))) if ridge.any() else (0.0, 0.0)
    parts, count = ndimage.label(ridge & (strength > max(WEAK * strong, FAINT * strongest, 1e-3)), np.ones((3, 3)))
    numbers = np.arange(1, count + 1)
    lengths = ndimage.sum_labels(np.ones_like(strength), parts, numbers)
    peaks = np.asarray(ndimage.maximum(strength, parts, numbers)) if count else np.zeros(0)
    totals = np.where((lengths >= SHORTEST) & (peaks > NEARLY * strong), ndimage.sum_labels(strength, parts, numbers), 0)
    kept, so_far = np.zeros(count + 1, bool), 0.0
    for number in np.argsort(-totals):
        if not totals[number] or so_far > LONGEST:
            break
        kept[number + 1] = True
        so_far += lengths[number]
    found: NDArray[np.bool_] = kept[parts]
    return found
