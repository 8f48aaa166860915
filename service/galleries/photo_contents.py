"""Decode a photo's file once, and return everything that a gallery stores of it."""

from dataclasses import dataclass

from torch import Tensor

from model.inference import Inference
from model.presets import Side
from service.images.decode import Header, Reserve, decoded, unlimited
from service.images.encode import THUMBNAIL, thumbnail
from service.inference.pixels import prepare_pixels


@dataclass(frozen=True, kw_only=True)
class PhotoContents:
    """The file's header, a WebP thumbnail and the model's pixels [3, s, s]."""

    header: Header
    thumbnail: bytes
    pixels: Tensor


def read_contents(
    data: bytes, inference: Inference, side: Side, *, max_pixels: int, reserve: Reserve = unlimited
) -> PhotoContents:
    """Decode a file once. Blocks: call it in a thread.

    Args:
        reserve: reserves the bytes that decoding takes, see `decoded`.

    Raises:
        ImageUnreadable, ImageFormatUnsupported, ImageTooManyPixels, SketchEmpty.
    """
    smallest = max(inference.smallest_side(side), THUMBNAIL)
    drawing = inference.takes_drawings(side)
    with decoded(data, max_pixels=max_pixels, smallest=smallest, drawing=drawing, reserve=reserve) as image:
        return PhotoContents(
            header=image.header,
            thumbnail=thumbnail(image.picture),
            pixels=prepare_pixels(image.picture, inference, side),
        )
