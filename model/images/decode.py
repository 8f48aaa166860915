"""Decode picture files, with limits. All functions block: a server calls them in a thread.

The header is checked before anything is decoded: a small file that claims a huge picture costs nothing.
`model.images.containers` strips everything but the pixels from the file first.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageFile, JpegImagePlugin

from model.images.containers import strip_metadata
from model.images.conversion import SIDEWAYS, WHITE, is_opaque_rgb, paper_for, to_rgb, upright
from model.images.errors import PictureTooLarge, PictureUnreadable
from model.images.formats import MAX_PIXELS
from model.images.opening import DAMAGED, open_picture, orientation_of
from model.images.peak import ALPHA_DECODER, DECODER, LARGEST, PREPARING, DecodePlan, coefficient_bytes
from model.regular_file import read_regular

Reserve: TypeAlias = Callable[[int], AbstractContextManager[object]]

VERSION = 3
"""Version of `decoded`, part of every cache key. Raise it when the pixels of a file change.

In version 2, those of files with a colour profile did, and in version 3 those of HEIC, AVIF and PNG with wide
colours or HDR but without a profile. They are few, so models need not be trained again."""
MAX_SIDE = 65_535
"""Maximum width and height in pixels: the limit of JPEG. Pillow needs 58 bytes for each row of a picture,
so a picture one pixel wide could still take gigabytes."""
LARGE = 4_000_000
"""Pictures of more pixels are reduced while they are decoded. Others keep every pixel."""


@dataclass(frozen=True)
class Header:
    """The format and the size in pixels, of the upright picture, that a file's header declares."""

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


def read_size(data: bytes) -> tuple[int, int]:
    """Return width and height of the upright picture in a file, without decoding it.

    Raises:
        PictureUnreadable, PictureFormatUnsupported, PictureTooLarge.
    """
    return _CheckedFile(data, MAX_SIDE**2, None).header.size


@contextmanager
def decoded(
    data: bytes,
    *,
    max_pixels: int,
    smallest: int | None = None,
    drawing: bool = False,
    reserve: Reserve = unlimited,
) -> Iterator[DecodedImage]:
    """Decode the first picture into sRGB: upright, transparency on white, 16 bits scaled to 8.

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
        self._opened = None if self._file.size else open_picture(self._file.data, max_pixels)
        self._stored = self._opened.size if self._opened else self._file.size or (0, 0)
        self._orientation = orientation_of(self._opened, self._file.orientation)
        self.header = self._read_header()
        _check_limits(self.header, max_pixels)
        self._smallest = smallest if self.header.width * self.header.height > LARGE else None
        self.plan = self._make_plan()
        if self.plan.peak > len(data) + 2 * PREPARING + LARGEST * max_pixels:
            raise PictureTooLarge(
                f"the {self.header.format} file takes too much memory to decode; make it smaller,"
                " or save it without transparency"
            )

    def decode(self, *, drawing: bool) -> Image.Image:
        """Decode once; the decoded picture is freed as early as possible."""
        width, height = self._stored
        image, self._opened = self._opened or open_picture(self._file.data, width * height), None
        try:
            is_reduced = isinstance(image, JpegImagePlugin.JpegImageFile)
            if not is_reduced and image.size != self._stored:
                raise ValueError("its header names two sizes")
            image.load()
            if not is_reduced and image.size != self._stored:
                raise ValueError("its header names another size")
            profile = image.info.get("icc_profile") or self._file.profile
            paper = paper_for(image) if drawing else WHITE
            rgb = to_rgb(image, self.plan.factor, paper, profile)
            del image
            return upright(rgb, self._orientation)
        except DAMAGED as error:
            reason = " ".join(str(error).split())[:120]
            raise PictureUnreadable(
                f"the {self.header.format} file is truncated or damaged ({reason}); send another file"
            ) from error

    def _read_header(self) -> Header:
        width, height = self._stored
        size = (height, width) if self._orientation in SIDEWAYS else (width, height)
        return Header(self._opened.format or "PNG" if self._opened else "WEBP", *size)

    def _make_plan(self) -> DecodePlan:
        """Plan the decoding. Tells a JPEG's decoder to reduce the picture."""
        opened, (width, height) = self._opened, self._stored
        decoders = ALPHA_DECODER if opened is None or opened.mode == "RGBA" else DECODER
        decoder_bytes = decoders.get(self.header.format, 0) * width * height + self._file.buffer_bytes
        mode, copied = "RGBA", True
        if opened is not None:
            if self._smallest is not None:
                opened.draft(None, (self._smallest, self._smallest))
            mode, copied = opened.mode, not is_opaque_rgb(opened)
            decoder_bytes += _coefficient_bytes(opened, self.header) if self._file.coefficients else 0
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
