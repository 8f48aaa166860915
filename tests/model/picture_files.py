"""Picture files of all formats, made by real encoders."""

from io import BytesIO

import numpy as np
import pillow_heif
from PIL import Image

NOISE = Image.fromarray(
    np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8).repeat(16, 0).repeat(16, 1)
)
"""Blocks of colour, 128 x 96: what a lossy format keeps of them is near."""


def saved(image: Image.Image, kind: str, **options) -> bytes:
    out = BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(image).save(out, **options)
    else:
        image.save(out, kind, **options)
    return out.getvalue()


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)
