"""Turn decoded pictures into RGB: transparency on white, 16 bits scaled to 8, reduced, upright.

A picture is converted in strips, so only the result takes memory.
"""

from math import ceil

import numpy as np
from PIL import Image

STRIP = 250_000
"""Pixels that are converted at a time."""

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The operation that turns a picture upright, by its EXIF orientation. 1 is already upright."""


def is_opaque_rgb(image: Image.Image) -> bool:
    """Return whether a picture needs no conversion."""
    return image.mode == "RGB" and "transparency" not in image.info


def to_rgb(image: Image.Image, factor: int = 1) -> Image.Image:
    """Return a picture in RGB, with transparency on white, reduced by `factor`.

    A picture that needs no change is returned without a copy: a copy of 40 million pixels takes 160 MB.
    """
    if factor == 1 and is_opaque_rgb(image):
        return image
    result = Image.new("RGB", (ceil(image.width / factor), ceil(image.height / factor)))
    rows = factor * max(1, STRIP // (factor * image.width))
    for top in range(0, image.height, rows):
        strip = _on_white(image.crop((0, top, image.width, min(top + rows, image.height))))
        result.paste(strip.reduce(factor) if factor > 1 else strip, (0, top // factor))
    return result


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """Turn a picture upright by its EXIF orientation, 1 to 8."""
    return image.transpose(_TRANSPOSE[orientation]) if orientation in _TRANSPOSE else image


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "I;16":
        deep = np.asarray(image)
        # deep / 257, rounded, in 16-bit arithmetic: a wider type takes twice the memory
        grey = (deep // 257 + (deep % 257 > 128)).astype(np.uint8)
        if "transparency" in image.info:
            grey[deep == image.info["transparency"]] = 255
        return Image.fromarray(grey).convert("RGB")
    if image.mode in {"RGBA", "LA"} or "transparency" in image.info:
        clear = image if image.mode in {"RGBA", "LA"} else image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(clear, mask=clear)
        return white
    return image if image.mode == "RGB" else image.convert("RGB")
