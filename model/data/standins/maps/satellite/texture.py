"""Random textures: grain, patches, and ripples on water."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]
"""Values around 0, [h, w]."""


def patches(side: int, cells: tuple[int, int], rng: np.random.Generator) -> Field:
    """Return smooth random patches with values from -1 to 1.

    Args:
        side: of the field in pixels.
        cells: how many patches lie beside each other, across and down.
    """
    across, down = cells
    coarse = rng.uniform(-1, 1, (down, across)).astype(np.float32)
    enlarged = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(enlarged)


def ground(side: int, rng: np.random.Generator) -> Field:
    """Return the texture of lawns and soil: patches of four sizes."""
    texture = np.zeros((side, side), np.float32)
    for cells, share in ((7, 0.045), (24, 0.05), (80, 0.06), (190, 0.05)):
        texture += share * patches(side, (cells, cells), rng)
    return texture


def ripples(side: int, rng: np.random.Generator) -> Field:
    """Return the texture of water: wide patches and fine waves that run across or down."""
    fine = (30, 150) if rng.random() < 0.5 else (150, 30)
    return 0.14 * patches(side, (4, 4), rng) + 0.05 * patches(side, fine, rng)


def shaded(image: Image.Image, texture: Field) -> Image.Image:
    """Return a picture made lighter and darker by the shares of a texture."""
    pixels = np.asarray(image, np.float32) * (1 + texture)[..., None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
