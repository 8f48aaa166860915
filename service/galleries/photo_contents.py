"""Decode a photo's file once, and return everything that a gallery stores of it."""

from dataclasses import dataclass

from torch import Tensor

from model.inference import Inference
from model.presets import Side
from service.images.decode import Header, decode
from service.images.encode import thumbnail
from service.inference.pixels import prepare_pixels


@dataclass(frozen=True, kw_only=True)
class PhotoContents:
    """The file's header, a WebP thumbnail and the model's pixels [3, s, s]."""

    header: Header
    thumbnail: bytes
    pixels: Tensor


def read_contents(data: bytes, inference: Inference, side: Side, *, max_pixels: int) -> PhotoContents:
    """Decode a file once. Blocks: call it in a thread.

    Raises:
        ImageUnreadable, ImageFormatUnsupported, ImageTooManyPixels, SketchEmpty.
    """
    image = decode(data, max_pixels=max_pixels)
    with image.picture as picture:
        return PhotoContents(
            header=image.header,
            thumbnail=thumbnail(picture),
            pixels=prepare_pixels(picture, inference, side),
        )
