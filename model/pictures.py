"""Pictures to tensors and back; training, indexing and the service all use these functions."""

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

REDUCED = 6
"""How much larger than the result a picture must stay when it is reduced before it is resized.

`benchmarks/reduced_pictures.py` compares the embeddings with those of unreduced pictures.
"""


def smallest_side(size: int) -> int:
    """Return the number of pixels that both sides of a picture need, to be resized to `size`."""
    return REDUCED * size


def resized(image: Image.Image, size: int) -> NDArray[np.uint8]:
    """Return a picture as RGB pixels [size, size, 3], resized to a square (bicubic)."""
    image = image if image.mode == "RGB" else image.convert("RGB")
    square = image if image.size == (size, size) else image.resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(square)


def prepare(image: Image.Image, size: int) -> Float[Tensor, "3 h w"]:
    """Return an RGB picture as pixels [3, size, size] in [-1, 1], resized to a square (bicubic)."""
    pixels = resized(image, size).astype(np.float32)
    return torch.from_numpy(pixels.transpose(2, 0, 1) / 127.5 - 1.0)


def picture(pixels: Float[Tensor, "3 h w"]) -> Image.Image:
    """Return pixels in [-1, 1] as an RGB picture; values outside are clipped."""
    scaled = ((pixels.detach().float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return Image.fromarray(scaled.permute(1, 2, 0).cpu().numpy())
