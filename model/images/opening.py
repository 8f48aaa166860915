"""Opens picture files with Pillow: reads the header, and decodes nothing.

A file's first bytes choose one plugin. Pillow never tries others, whichever programs have registered.
"""

import struct
from io import BytesIO

from PIL import Image, ImageFile, TiffImagePlugin

from model.images import avif, heif, webp
from model.images.errors import PictureFormatUnsupported, PictureTooLarge, PictureUnreadable
from model.images.exif import exif_orientation
from model.images.formats import ACCEPTED_WORDS, START, Format, sniff, unsupported_kind

_PLUGINS: dict[Format, type[ImageFile.ImageFile]] = {
    "WEBP": webp.FirstFrame,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "HEIF": heif.MainPicture,
    "AVIF": avif.FirstFrame,
}
"""Plugins that are called directly. `Image.open` chooses the other formats' own."""
DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    TypeError,
    LookupError,
    struct.error,
    RuntimeError,
    MemoryError,
    Image.DecompressionBombError,
)
"""What Pillow and its plugins raise for damaged files."""


def open_picture(data: bytes, max_pixels: int) -> ImageFile.ImageFile:
    """Read a file's header.

    Raises:
        PictureUnreadable, PictureFormatUnsupported, PictureTooLarge.
    """
    if not data:
        raise PictureUnreadable(f"the file is empty; {ACCEPTED_WORDS}")
    if Image.MAX_IMAGE_PIXELS is not None:  # Pillow's limit for the whole process must not be below ours
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, max_pixels)
    kind = sniff(data[:START])
    if kind is None:
        if name := unsupported_kind(data):
            raise PictureFormatUnsupported(f"this is {name}; {ACCEPTED_WORDS}")
        raise PictureUnreadable(f"this is not an image; {ACCEPTED_WORDS}")
    try:
        image = (
            _PLUGINS[kind](BytesIO(data)) if kind in _PLUGINS else Image.open(BytesIO(data), formats=[kind])
        )
    except Image.DecompressionBombError as error:
        raise PictureTooLarge(
            f"the image has too many pixels; at most {max_pixels:,} are accepted"
        ) from error
    except DAMAGED as error:
        raise PictureUnreadable(f"the header of the {kind} file is damaged; send another file") from error
    if any(tile[0] == "bmp_rle" for tile in image.tile):  # Pillow decodes these in Python, in unlimited time
        raise PictureFormatUnsupported(f"this is a run-length compressed BMP; {ACCEPTED_WORDS} without it")
    if image.mode in {"I", "F"}:
        raise PictureFormatUnsupported(
            f"the {kind} file has 32-bit or signed numbers; save it with 8 or 16 bits"
        )
    return image


def orientation_of(image: ImageFile.ImageFile | None, stripped: int) -> int:
    """Return how the decoded picture must be turned, 1 to 8. HEIF's decoder turns it, AVIF's tells how.

    Args:
        stripped: the orientation that `strip_metadata` found in other files.
    """
    return exif_orientation(image.info.get("exif", b"")) if isinstance(image, avif.FirstFrame) else stripped
