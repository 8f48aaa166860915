"""Reduce pictures without a copy of their full size."""

from PIL import Image


def reduced(picture: Image.Image, longest: int) -> Image.Image:
    """Return a picture in RGB whose longest side has at most `longest` pixels."""
    rgb = picture if picture.mode == "RGB" else picture.convert("RGB")
    scale = longest / max(rgb.size)
    if scale >= 1:
        return rgb
    size = max(1, round(rgb.width * scale)), max(1, round(rgb.height * scale))
    return rgb.resize(size, Image.Resampling.BOX)
