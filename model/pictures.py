"""Pictures to tensors and back; training, indexing and the service all use these functions."""

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

PREPROCESSING = 1
"""Version of `prepare`, part of every cache key and manifest. Raise it when the result changes."""


def prepare(image: Image.Image, size: int) -> Float[Tensor, "3 h w"]:
    """Return an RGB picture as pixels [3, size, size] in [-1, 1], resized to a square (bicubic)."""
    image = image if image.mode == "RGB" else image.convert("RGB")
    resized = image if image.size == (size, size) else image.resize((size, size), Image.Resampling.BICUBIC)
    pixels = np.asarray(resized, dtype=np.float32)
    return torch.from_numpy(pixels.transpose(2, 0, 1) / 127.5 - 1.0)


def picture(pixels: Float[Tensor, "3 h w"]) -> Image.Image:
    """Return pixels in [-1, 1] as an RGB picture; values outside are clipped."""
    scaled = ((pixels.detach().float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return Image.fromarray(scaled.permute(1, 2, 0).cpu().numpy())
