"""Encode pictures as files: results of translations, and thumbnails. Both block: call them in a thread."""

from io import BytesIO
from typing import Literal

from PIL import Image

THUMBNAIL = 384
"""Width and height of the square that thumbnails fit into, in pixels. The page shows them at half that size
or less, so that they are sharp on screens with two pixels for one. Earlier versions made them of 192."""

Format = Literal["png", "webp", "jpeg"]


def encode(image: Image.Image, kind: Format) -> bytes:
    """Encode a picture: PNG at its fastest level that compresses, lossless WebP, or JPEG at quality 90."""
    out = BytesIO()
    if kind == "png":
        image.save(out, "PNG", compress_level=1)
    elif kind == "webp":
        image.save(out, "WEBP", lossless=True, quality=0, method=0)
    else:
        image.save(out, "JPEG", quality=90)
    return out.getvalue()


def thumbnail(image: Image.Image) -> bytes:
    """Return a small WebP of the picture: some 16 kB for a photograph."""
    return webp_within(image, THUMBNAIL, quality=75)


def webp_within(image: Image.Image, size: int, *, quality: int) -> bytes:
    """Return a WebP of the picture that fits into `size` x `size`. Smaller pictures keep their size."""
    scale = min(size / image.width, size / image.height, 1)
    small = image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))), reducing_gap=2.0
    )
    out = BytesIO()
    small.save(out, "WEBP", quality=quality, method=2)
    return out.getvalue()
