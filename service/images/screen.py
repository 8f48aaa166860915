"""Pictures as every browser shows them. Browsers show neither HEIC nor TIFF, and some no AVIF."""

from service.images.decode import Reserve, decoded, unlimited
from service.images.encode import webp_within

SCREEN = 2048
"""Width and height of the square that converted pictures fit into, in pixels."""
SHOWN = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp"})
"""Media types that every browser shows."""


def for_screen(data: bytes, *, max_pixels: int, reserve: Reserve = unlimited) -> bytes:
    """Return a picture file as WebP, upright and in sRGB. Blocks: call it in a thread.

    Raises:
        ImageUnreadable, ImageFormatUnsupported, ImageTooManyPixels.
    """
    with decoded(data, max_pixels=max_pixels, smallest=SCREEN, reserve=reserve) as image:
        return webp_within(image.picture, SCREEN, quality=80)
