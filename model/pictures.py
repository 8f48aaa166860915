"""Between pictures and tensors; the one way that training, indexing and the service all take."""

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

PREPROCESSING = 1
"""Version of `prepare`; part of every cache key and manifest. Raise it with any change of what it gives."""


def prepare(image: Image.Image, size: int) -> Float[Tensor, "3 h w"]:
    """An RGB picture as pixels in [-1, 1] of shape [3, size, size]; resized to a square, bicubic, as the data sets are."""
    image = image.convert("RGB")
    resized = image if image.size == (size, size) else image.resize((size, size), Image.Resampling.BICUBIC)
    pixels = np.asarray(resized, dtype=np.float32)
    return torch.from_numpy(pixels.transpose(2, 0, 1) / 127.5 - 1.0)


def picture(pixels: Float[Tensor, "3 h w"]) -> Image.Image:
    """Pixels in [-1, 1] as an RGB picture; values beyond are clipped."""
    scaled = ((pixels.detach().float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return Image.fromarray(scaled.permute(1, 2, 0).cpu().numpy())
