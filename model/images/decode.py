"""Decode picture files, with limits. All functions block: a server calls them in a thread.

The header is checked before anything is decoded: a small file that claims a huge picture costs nothing.
`model.images.containers` strips everything but the pixels from the file first.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageFile, JpegImagePlugin, UnidentifiedImageError

from model.images.containers import strip_metadata
from model.images.conversion import WHITE, is_opaque_rgb, paper_for, to_rgb, upright
from model.images.errors import PictureFormatUnsupported, PictureTooLarge, PictureUnreadable
from model.images.peak import WEBP_DECODER, DecodePlan, coefficient_bytes
from model.images.webp import FirstFrame
from model.regular_file import read_regular

Reserve: TypeAlias = Callable[[int], AbstractContextManager[object]]

ACCEPTED = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
ACCEPTED_WORDS = "PNG, JPEG, WebP, GIF (first frame) and BMP are accepted"
MAX_PIXELS = 100_000_000
"""Largest number of pixels of a picture that is read from the disk."""
MAX_SIDE = 65_535
"""Maximum width and height in pixels: the limit of JPEG. Pillow needs 58 bytes for each row of a picture,
so a picture one pixel wide could still take gigabytes."""
LARGE = 4_000_000
"""Pictures of more pixels are reduced while they are decoded. Others keep every pixel."""

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


@dataclass(frozen=True)
class Header:
    """The format and the size in pixels, before rotation, that a file's header declares."""

    format: str
    width: int
    height: int

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    @property
    def content_type(self) -> str:
        return f"image/{self.format.lower()}"


@dataclass(frozen=True)
class DecodedImage:
    """A decoded file. `picture` is RGB and upright. It may be reduced; `header` has the full size."""

    header: Header
    picture: Image.Image


def unlimited(size: int) -> AbstractContextManager[object]:
    """Reserve nothing, for a program that decodes one picture at a time."""
    return nullcontext()


def decode(data: bytes, *, max_pixels: int, drawing: bool = False) -> DecodedImage:
    """Decode a file at its full size. See `decoded`."""
    with decoded(data, max_pixels=max_pixels, drawing=drawing) as image:
        return image


def read_picture(path: Path, *, smallest: int | None = None, drawing: bool = False) -> Image.Image:
    """Read a picture file from the disk into RGB. See `decoded`.

    Raises:
        OSError: the file cannot be read.
        PictureError: it is no picture that can be decoded.
    """
    with decoded(read_regular(path), max_pixels=MAX_PIXELS, smallest=smallest, drawing=drawing) as image:
        return image.picture


@contextmanager
def decoded(
    data: bytes,
    *,
    max_pixels: int,
    smallest: int | None = None,
    drawing: bool = False,
    reserve: Reserve = unlimited,
) -> Iterator[DecodedImage]:
    """Decode the first frame into RGB: upright by EXIF, transparency on white, 16 bits scaled to 8.

    Args:
        max_pixels: the most pixels of a file, before it is reduced.
        smallest: reduce pictures of more than `LARGE` pixels by a whole number while they are decoded. Both
            sides keep at least so many pixels. None keeps the full size.
        drawing: show transparency as black if the ink is light (`conversion.paper_for`).
        reserve: called before decoding, with the bytes that the picture takes until the `with` block ends.
            Returns a context manager that holds them.

    Raises:
        PictureUnreadable: the file is empty, truncated, damaged or not an image.
        PictureFormatUnsupported: the image's format is not accepted.
        PictureTooLarge: more than `max_pixels` in all, or more than `MAX_SIDE` on one side. The header
            is checked before anything is decoded.
    """
    checked = _CheckedFile(data, max_pixels, smallest)
    with reserve(checked.plan.peak):
        yield DecodedImage(checked.header, checked.decode(drawing=drawing))


class _CheckedFile:
    """A file whose header is within the limits. Nothing is decoded yet, and a WebP is not opened yet.

    Opening a WebP allocates all its pixels.
    """

    def __init__(self, data: bytes, max_pixels: int, smallest: int | None) -> None:
        self._file = strip_metadata(data)
        self._opened = None if self._file.size else _open(self._file.data, max_pixels)
        self.header = self._read_header()
        _check_limits(self.header, max_pixels)
        self._smallest = smallest if self.header.width * self.header.height > LARGE else None
        self.plan = self._make_plan()

    def decode(self, *, drawing: bool) -> Image.Image:
        """Decode once; the decoded picture is freed as early as possible."""
        header = self.header
        image, self._opened = self._opened or _open(self._file.data, header.width * header.height), None
        try:
            if not isinstance(image, JpegImagePlugin.JpegImageFile) and image.size != header.size:
                raise ValueError("its header names two sizes")
            image.load()
            rgb = to_rgb(image, self.plan.factor, paper_for(image) if drawing else WHITE)
            del image
            return upright(rgb, self._file.orientation)
        except (
            OSError,
            SyntaxError,
            ValueError,
            EOFError,
            MemoryError,
            Image.DecompressionBombError,
        ) as error:
            raise PictureUnreadable(
                f"the {header.format} file is truncated or damaged ({error}); send another file"
            ) from error

    def _read_header(self) -> Header:
        if self._opened is None:
            assert self._file.size is not None
            return Header("WEBP", *self._file.size)
        return Header(self._opened.format or "PNG", *self._opened.size)

    def _make_plan(self) -> DecodePlan:
        """Plan the decoding. Tells a JPEG's decoder to reduce the picture."""
        opened, (width, height) = self._opened, self.header.size
        mode, copied, decoder_bytes = "RGBA", True, WEBP_DECODER * width * height
        if opened is not None:
            if self._smallest is not None:
                opened.draft(None, (self._smallest, self._smallest))
            mode, copied = opened.mode, not is_opaque_rgb(opened)
            decoder_bytes = _coefficient_bytes(opened, self.header) if self._file.coefficients else 0
            width, height = opened.size
        factor = max(1, min(width, height) // self._smallest) if self._smallest is not None else 1
        return DecodePlan(
            file_bytes=len(self._file.data),
            mode=mode,
            width=width,
            height=height,
            factor=factor,
            copied=copied or factor > 1,
            decoder_bytes=decoder_bytes,
        )


def _open(data: bytes, max_pixels: int) -> ImageFile.ImageFile:
    """Read a file's header with Pillow."""
    if not data:
        raise PictureUnreadable(f"the file is empty; {ACCEPTED_WORDS}")
    if Image.MAX_IMAGE_PIXELS is not None:  # Pillow's limit for the whole process must not be below ours
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, max_pixels)
    try:
        if data.startswith(b"RIFF"):
            return FirstFrame(BytesIO(data))
        image = Image.open(BytesIO(data), formats=ACCEPTED)
    except Image.DecompressionBombError as error:
        raise PictureTooLarge(
            f"the image has too many pixels; at most {max_pixels:,} are accepted"
        ) from error
    except UnidentifiedImageError as error:
        if kind := _unsupported_kind(data):
            raise PictureFormatUnsupported(f"this is {kind}; {ACCEPTED_WORDS}") from error
        raise PictureUnreadable(f"this is not an image; {ACCEPTED_WORDS}") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise PictureUnreadable(f"the image's header is damaged; {ACCEPTED_WORDS}") from error
    if any(tile[0] == "bmp_rle" for tile in image.tile):  # Pillow decodes these in Python, in unlimited time
        raise PictureFormatUnsupported(f"this is a run-length compressed BMP; {ACCEPTED_WORDS} without it")
    return image


def _check_limits(header: Header, max_pixels: int) -> None:
    size = f"{header.width} x {header.height}"
    if header.width * header.height > max_pixels:
        raise PictureTooLarge(f"the image has {size} pixels; at most {max_pixels:,} in all are accepted")
    if max(header.size) > MAX_SIDE:
        raise PictureTooLarge(f"the image has {size} pixels; at most {MAX_SIDE:,} a side are accepted")


def _coefficient_bytes(opened: ImageFile.ImageFile, header: Header) -> int:
    assert isinstance(opened, JpegImagePlugin.JpegImageFile)
    sampling = [horizontal * vertical for _, horizontal, vertical, _ in opened.layer]
    return coefficient_bytes(header.width, header.height, sampling)


def _unsupported_kind(data: bytes) -> str | None:
    """Return the name of a format that is not accepted, or None if the format is unknown."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[4:8] == b"ftyp":
        return _UNSUPPORTED_BRANDS.get(data[8:12], "a video")
    return next((kind for magic, kind in _UNSUPPORTED.items() if start.startswith(magic)), None)
