"""Decode uploaded files as training does (`model.images.decode`), with the service's errors.

All functions block: call them in a thread.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from model.images import decode as files
from model.images.decode import DecodedImage, Header, Reserve, unlimited
from model.images.errors import PictureError, PictureFormatUnsupported, PictureTooLarge
from service.errors import ImageFormatUnsupported, ImageTooManyPixels, ImageUnreadable

__all__ = ["DecodedImage", "Header", "Reserve", "decode", "decoded", "unlimited"]

AGAIN = 2
"""Limit of a picture that was accepted before, as a multiple of its pixels.

Some formats need more memory for a pixel than the limit allows (`model.images.peak.LARGEST`)."""


def decode(data: bytes, *, max_pixels: int) -> DecodedImage:
    """Decode a file at its full size. See `decoded`."""
    with decoded(data, max_pixels=max_pixels) as image:
        return image


@contextmanager
def decoded(
    data: bytes,
    *,
    max_pixels: int,
    smallest: int | None = None,
    drawing: bool = False,
    reserve: Reserve = unlimited,
) -> Iterator[DecodedImage]:
    """Decode the first frame into RGB, see `model.images.decode.decoded`.

    Raises:
        ImageUnreadable: the file is empty, truncated, damaged or not an image.
        ImageFormatUnsupported: the image's format is not accepted.
        ImageTooManyPixels: the image has too many pixels.
    """
    try:
        with files.decoded(
            data, max_pixels=max_pixels, smallest=smallest, drawing=drawing, reserve=reserve
        ) as image:
            yield image
    except PictureFormatUnsupported as error:
        raise ImageFormatUnsupported(str(error)) from error
    except PictureTooLarge as error:
        raise ImageTooManyPixels(str(error)) from error
    except PictureError as error:
        raise ImageUnreadable(str(error)) from error
