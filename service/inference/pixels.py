"""From a picture to a model's input pixels, and from pixels to embeddings. Blocks: call it in a thread."""

from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor

from model.inference import Inference, NoDrawing
from model.presets import Side
from service.embedding import Embedding
from service.errors import SketchEmpty
from service.images.decode import Reserve, decoded, unlimited


def prepare_pixels(picture: Image.Image, inference: Inference, side: Side) -> Tensor:
    """Return an RGB picture as the model's pixels [3, s, s].

    Raises:
        SketchEmpty: the model needs a drawing, and the picture has none.
    """
    try:
        return inference.prepare(picture, side)
    except NoDrawing as error:
        raise SketchEmpty(str(error)) from error


def decode_pixels(
    data: bytes, inference: Inference, side: Side, *, max_pixels: int, reserve: Reserve = unlimited
) -> Tensor:
    """Decode a file into the model's pixels [3, s, s].

    Args:
        reserve: reserves the bytes that decoding takes, see `decoded`.

    Raises:
        ImageUnreadable, ImageFormatUnsupported, ImageTooManyPixels, SketchEmpty.
    """
    smallest = inference.smallest_side(side)
    drawing = inference.takes_drawings(side)
    with decoded(data, max_pixels=max_pixels, smallest=smallest, drawing=drawing, reserve=reserve) as image:
        return prepare_pixels(image.picture, inference, side)


def embed_pixels(
    inference: Inference, side: Side, pixels: Sequence[Tensor], *, drawn: bool
) -> list[Embedding]:
    """Embed pictures [3, s, s] in one forward pass, without the engine. Return their flat codes [dim].

    Args:
        drawn: whether the gallery has drawn pictures.
    """
    if not pixels:
        return []
    codes = inference.search_codes(side, torch.stack(list(pixels)), drawn=drawn)
    return list(codes.float().cpu().numpy())
