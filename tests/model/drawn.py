"""A drawing for tests, a photo of it, and the distance between two drawings."""

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import distance_transform_edt


def house(size: int = 256, width: int = 3) -> Image.Image:
    """A black house on white paper, in the middle three fifths of the picture."""
    drawn = Image.new("RGB", (size, size), "white")
    draw = ImageDraw.Draw(drawn)
    at = [
        (int(x * size), int(y * size))
        for x, y in ((0.2, 0.8), (0.2, 0.45), (0.5, 0.2), (0.8, 0.45), (0.8, 0.8), (0.2, 0.8))
    ]
    draw.line(at, "black", width)
    draw.rectangle(
        (int(0.45 * size), int(0.6 * size), int(0.55 * size), int(0.8 * size)), outline="black", width=width
    )
    return drawn


def shaded(image: Image.Image) -> Image.Image:
    """A phone photo: grey paper, lit from one side, with noise."""
    pixels = np.asarray(image, np.float32) * 0.75 + 38
    y, x = np.mgrid[0 : image.height, 0 : image.width] / image.width
    lit = pixels * (0.45 + 0.4 * x + 0.15 * y)[..., None] + np.random.default_rng(0).normal(
        0, 6, pixels.shape
    )
    return Image.fromarray(lit.clip(0, 255).astype(np.uint8))


def distance(one: Image.Image, other: Image.Image) -> float:
    """Mean distance between the strokes of two drawings, in pixels; the larger of both directions."""
    a, b = (np.asarray(each) < 128 for each in (one, other))
    return float(max(distance_transform_edt(~b)[a].mean(), distance_transform_edt(~a)[b].mean()))
