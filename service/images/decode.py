"""Bytes to pictures, guarded: what a file claims is looked at before anything is decoded. Synchronous; call it in a thread."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from service.errors import ImageFormatUnsupported, ImageTooManyPixels, ImageUnreadable
from service.images.containers import strip_metadata

ACCEPTED = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
ACCEPTED_WORDS = "PNG, JPEG, WebP, GIF (its first frame) and BMP are accepted"
LONGEST = 65_535
"""Pixels of a side, which is what a JPEG can have: a picture's rows cost memory too, of one pixel 58 bytes each."""
THUMBNAIL = 192
_OTHERS = {
    b"<svg": "SVG",
    b"<?xml": "XML or SVG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"%PDF": "PDF",
    b"8BPS": "Photoshop",
}
_BOXED = {b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF", b"avif": "AVIF"}

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # from how the camera was held, as EXIF counts, to upright

Format = Literal["png", "webp", "jpeg"]


@dataclass(frozen=True)
class Upload:
    """One file of a request, as it came."""

    data: bytes
    sha256: str
    filename: str | None = None

    @classmethod
    def of(cls, data: bytes, filename: str | None = None) -> "Upload":
        return cls(data, hashlib.sha256(data).hexdigest(), filename)


@dataclass(frozen=True)
class Header:
    """What a file says of itself; read without decoding."""

    format: str
    width: int
    height: int

    @property
    def content_type(self) -> str:
        return f"image/{self.format.lower()}"


def inspect(data: bytes, *, max_pixels: int) -> Header:
    """Checks kind and size by the header alone.

    Raises:
        ImageUnreadable: empty, or no image at all.
        ImageFormatUnsupported: an image of a kind that is not accepted.
        ImageTooManyPixels: more than `max_pixels`, or than `LONGEST` a side.
    """
    with _opened(strip_metadata(data).data, max_pixels) as image:
        return Header(image.format or "PNG", image.width, image.height)


def decode(data: bytes, *, max_pixels: int) -> Image.Image:
    """The first frame as an RGB picture: EXIF orientation applied, transparency on white, 16 bits scaled to 8.

    Raises: as `inspect`, and ImageUnreadable where the file is truncated or damaged.
    """
    file = strip_metadata(data)
    with _opened(file.data, max_pixels) as image:
        try:
            image.load()
            return _upright(_on_white(image), file.orientation)
        except (
            OSError,
            SyntaxError,
            ValueError,
            EOFError,
            MemoryError,
            Image.DecompressionBombError,
        ) as error:
            raise ImageUnreadable(f"the {image.format} file is truncated or damaged ({error})") from error


def encode(image: Image.Image, kind: Format) -> bytes:
    """A picture as a file: PNG at the level that costs least for its size, lossless WebP, or JPEG at quality 90."""
    out = BytesIO()
    if kind == "png":
        image.save(out, "PNG", compress_level=1)
    elif kind == "webp":
        image.save(out, "WEBP", lossless=True, quality=0, method=0)
    else:
        image.save(out, "JPEG", quality=90)
    return out.getvalue()


def thumbnail(image: Image.Image, size: int = THUMBNAIL) -> bytes:
    """A WebP that fits into size x size."""
    scale = min(size / image.width, size / image.height, 1)
    small = image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))), reducing_gap=2.0
    )
    out = BytesIO()
    small.save(out, "WEBP", quality=80, method=2)
    return out.getvalue()


def _opened(data: bytes, max_pixels: int) -> ImageFile.ImageFile:
    if not data:
        raise ImageUnreadable(f"the file is empty; {ACCEPTED_WORDS}")
    if (
        Image.MAX_IMAGE_PIXELS is not None
    ):  # Pillow's own limit, of the whole process, gives way to a higher one
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, max_pixels)
    try:
        image = Image.open(BytesIO(data), formats=ACCEPTED)
    except Image.DecompressionBombError as error:
        raise ImageTooManyPixels(
            f"the image has too many pixels; at most {max_pixels:,} are accepted"
        ) from error
    except UnidentifiedImageError as error:
        if kind := _other_kind(data):
            raise ImageFormatUnsupported(f"this is {kind}; {ACCEPTED_WORDS}") from error
        raise ImageUnreadable(f"this is not an image; {ACCEPTED_WORDS}") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ImageUnreadable(f"the image's header is damaged; {ACCEPTED_WORDS}") from error
    if image.width * image.height > max_pixels:
        raise ImageTooManyPixels(
            f"the image has {image.width} x {image.height} pixels; at most {max_pixels:,} in all are accepted"
        )
    if max(image.size) > LONGEST:
        raise ImageTooManyPixels(
            f"the image has {image.width} x {image.height} pixels; at most {LONGEST:,} a side are accepted"
        )
    if any(tile[0] == "bmp_rle" for tile in image.tile):  # whose decoder is in Python, and slow without bound
        raise ImageFormatUnsupported(
            f"this is a run-length compressed BMP, which is not taken: {ACCEPTED_WORDS}"
        )
    return image


def _other_kind(data: bytes) -> str | None:
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[4:8] == b"ftyp":
        return _BOXED.get(data[8:12], "a film")
    return next((kind for magic, kind in _OTHERS.items() if start.startswith(magic)), None)


def _on_white(image: Image.Image) -> Image.Image:
    """The picture in RGB; itself where it is so already: of 40 million pixels, each copy takes 160 MB."""
    if image.mode == "I;16":
        deep = np.asarray(image)
        grey = (deep // 257 + (deep % 257 > 128)).astype(np.uint8)  # rounded in 16 bits: wider ones take GBs
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
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image
