"""Decode uploaded files into pictures, with limits. All functions block: call them in a thread.

The header is checked before anything is decoded: a small file that claims a huge picture costs nothing.
`service.images.containers` strips everything but the pixels from the file first.
"""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from service.errors import ImageFormatUnsupported, ImageTooManyPixels, ImageUnreadable
from service.images.containers import strip_metadata

ACCEPTED = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
ACCEPTED_WORDS = "PNG, JPEG, WebP, GIF (first frame) and BMP are accepted"
MAX_SIDE = 65_535
"""Maximum width and height in pixels: the limit of JPEG. Pillow needs 58 bytes for each row of a picture,
so a picture one pixel wide could still take gigabytes."""

_UNSUPPORTED = {
    b"<svg": "SVG",
    b"<?xml": "XML or SVG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"%PDF": "PDF",
    b"8BPS": "Photoshop",
}
_UNSUPPORTED_BRANDS = {b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF", b"avif": "AVIF"}
"""ISO media files (`ftyp`) by their brand. Other brands are videos."""

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


@dataclass(frozen=True)
class Header:
    """The format and the size in pixels, before rotation, that a file's header declares."""

    format: str
    width: int
    height: int

    @property
    def content_type(self) -> str:
        return f"image/{self.format.lower()}"


@dataclass(frozen=True)
class DecodedImage:
    """A decoded file. `picture` is RGB and upright."""

    header: Header
    picture: Image.Image


def decode(data: bytes, *, max_pixels: int) -> DecodedImage:
    """Decode the first frame into RGB: upright by EXIF, transparency on white, 16 bits scaled to 8.

    Raises:
        ImageUnreadable: the file is empty, truncated, damaged or not an image.
        ImageFormatUnsupported: the image's format is not accepted.
        ImageTooManyPixels: more than `max_pixels` in all, or more than `MAX_SIDE` on one side. The header
            is checked before anything is decoded.
    """
    file = strip_metadata(data)
    with _open(file.data, max_pixels) as image:
        header = Header(image.format or "PNG", image.width, image.height)
        try:
            image.load()
            return DecodedImage(header, _upright(_on_white(image), file.orientation))
        except (
            OSError,
            SyntaxError,
            ValueError,
            EOFError,
            MemoryError,
            Image.DecompressionBombError,
        ) as error:
            raise ImageUnreadable(
                f"the {image.format} file is truncated or damaged ({error}); send another file"
            ) from error


def _open(data: bytes, max_pixels: int) -> ImageFile.ImageFile:
    """Read a file's header with Pillow and check it against the limits."""
    if not data:
        raise ImageUnreadable(f"the file is empty; {ACCEPTED_WORDS}")
    if Image.MAX_IMAGE_PIXELS is not None:  # Pillow's limit for the whole process must not be below ours
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, max_pixels)
    try:
        image = Image.open(BytesIO(data), formats=ACCEPTED)
    except Image.DecompressionBombError as error:
        raise ImageTooManyPixels(
            f"the image has too many pixels; at most {max_pixels:,} are accepted"
        ) from error
    except UnidentifiedImageError as error:
        if kind := _unsupported_kind(data):
            raise ImageFormatUnsupported(f"this is {kind}; {ACCEPTED_WORDS}") from error
        raise ImageUnreadable(f"this is not an image; {ACCEPTED_WORDS}") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ImageUnreadable(f"the image's header is damaged; {ACCEPTED_WORDS}") from error
    if image.width * image.height > max_pixels:
        raise ImageTooManyPixels(
            f"the image has {image.width} x {image.height} pixels; at most {max_pixels:,} in all are accepted"
        )
    if max(image.size) > MAX_SIDE:
        raise ImageTooManyPixels(
            f"the image has {image.width} x {image.height} pixels; at most {MAX_SIDE:,} a side are accepted"
        )
    if any(tile[0] == "bmp_rle" for tile in image.tile):  # Pillow decodes these in Python, in unlimited time
        raise ImageFormatUnsupported(f"this is a run-length compressed BMP; {ACCEPTED_WORDS} without it")
    return image


def _unsupported_kind(data: bytes) -> str | None:
    """Return the name of a format that is not accepted, or None if the format is unknown."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[4:8] == b"ftyp":
        return _UNSUPPORTED_BRANDS.get(data[8:12], "a video")
    return next((kind for magic, kind in _UNSUPPORTED.items() if start.startswith(magic)), None)


def _on_white(image: Image.Image) -> Image.Image:
    """Return the picture in RGB, transparency on white.

    An RGB picture is returned without a copy: a copy of 40 million pixels takes 160 MB.
    """
    if image.mode == "I;16":
        deep = np.asarray(image)
        # deep / 257, rounded, in 16-bit arithmetic: a wider type takes gigabytes for a large picture
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


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TRANSPOSE[orientation]) if orientation in _TRANSPOSE else image
