"""Turn decoded pictures into sRGB: transparency on paper, 16 bits scaled to 8, reduced, upright.

A picture is converted in strips, so only the result takes memory.
"""

from collections.abc import Iterator
from math import ceil

import numpy as np
from PIL import Image

from model.images.cicp import Cicp
from model.images.colour import Convert, ink_to_rgb, rgb_to_srgb

STRIP = 250_000
"""Pixels that are converted at a time."""

WHITE, BLACK = (255, 255, 255), (0, 0, 0)
PLAIN_INK = 48.0
"""Largest standard deviation of the brightness of a drawing whose transparency shows where the ink is."""
MIN_CLEAR = 0.02
"""Smallest share of transparency of such a drawing."""

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
SIDEWAYS = frozenset({5, 6, 7, 8})
"""Orientations that swap width and height."""

_DEEP = frozenset({"I;16", "I;16B"})
_CLEAR = {"RGBA": "RGBA", "LA": "LA", "La": "LA", "PA": "RGBA"}
"""Modes with an alpha channel, and the mode in which it is not premultiplied."""


def is_opaque_rgb(image: Image.Image) -> bool:
    """Return whether a picture needs no conversion."""
    return image.mode == "RGB" and "transparency" not in image.info


def has_transparency(image: Image.Image) -> bool:
    """Return whether a decoded picture may have transparent pixels."""
    return image.mode in _CLEAR or "transparency" in image.info


def paper_for(drawing: Image.Image) -> tuple[int, int, int]:
    """Return black as the paper of light ink on transparency, and white for all other drawings.

    Only ink of one brightness can be light. A drawing in black and white lies on white.
    """
    if not has_transparency(drawing) or drawing.mode in _DEEP:
        return WHITE
    weight = total = squares = 0.0
    for strip in _strips(drawing, 1):
        grey, alpha = (np.asarray(part, np.float64) for part in strip.convert("LA").split())
        alpha /= 255
        weight += float(alpha.sum())
        total += float((alpha * grey).sum())
        squares += float((alpha * grey * grey).sum())
    if not 0 < weight <= (1 - MIN_CLEAR) * drawing.width * drawing.height:
        return WHITE
    mean = total / weight
    plain = squares / weight - mean * mean <= PLAIN_INK**2
    return BLACK if plain and mean > 128 else WHITE


def to_rgb(
    image: Image.Image,
    factor: int = 1,
    paper: tuple[int, int, int] = WHITE,
    profile: bytes | Cicp | None = None,
) -> Image.Image:
    """Return a picture in sRGB, with transparency on paper, reduced by `factor`.

    A picture that is RGB already is returned without a copy: a copy of 40 million pixels takes 160 MB. If its
    colour profile says so, its pixels change in place.
    """
    convert_ink = None if isinstance(profile, Cicp) else ink_to_rgb(profile, image.mode)
    convert_rgb = rgb_to_srgb(profile, image.mode)
    if factor == 1 and is_opaque_rgb(image):
        result = image
    else:
        result = Image.new("RGB", (ceil(image.width / factor), ceil(image.height / factor)))
        top = 0
        for strip in _strips(image, factor):
            rgb = _on_paper(strip, paper, convert_ink)
            result.paste(rgb.reduce(factor) if factor > 1 else rgb, (0, top // factor))
            top += strip.height
    return result if convert_rgb is None else convert_rgb(result)


def _strips(image: Image.Image, factor: int) -> Iterator[Image.Image]:
    """Cut a picture into strips of about `STRIP` pixels, whose heights are multiples of `factor`."""
    rows = factor * max(1, STRIP // (factor * image.width))
    for top in range(0, image.height, rows):
        yield image.crop((0, top, image.width, min(top + rows, image.height)))


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """Turn a picture upright by its EXIF orientation, 1 to 8."""
    return image.transpose(_TRANSPOSE[orientation]) if orientation in _TRANSPOSE else image


def _on_paper(image: Image.Image, paper: tuple[int, int, int], convert_ink: Convert | None) -> Image.Image:
    if image.mode in _DEEP:
        deep = np.asarray(image)
        # deep / 257, rounded, in 16-bit arithmetic: a wider type takes twice the memory
        grey = (deep // 257 + (deep % 257 > 128)).astype(np.uint8)
        if "transparency" in image.info:
            grey[deep == image.info["transparency"]] = 255
        return Image.fromarray(grey).convert("RGB")
    if has_transparency(image):
        clear = image.convert(_CLEAR.get(image.mode, "RGBA"))
        sheet = Image.new("RGB", image.size, paper)
        sheet.paste(clear, mask=clear)
        return sheet
    if convert_ink is not None:
        return convert_ink(image)
    return image if image.mode == "RGB" else image.convert("RGB")
