"""Random views of training pictures: photos vary in crop and colour, sketches in shape and ink."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

CPU = torch.device("cpu")


def random_views(
    pixels: NDArray[np.uint8],
    size: int,
    rng: np.random.Generator,
    device: torch.device = CPU,
    *,
    sketch: bool = False,
    jitter: float = 0.0,
    ink_dropout: float = 0.0,
) -> Tensor:
    """Return one random view of each picture; the area outside a picture is white.

    Photos are cropped to 50-100 % of their area, mirrored, and changed in colour. Sketches lose ink, get
    thicker, and are mirrored, turned, scaled and bent; half of them are jittered.

    Args:
        pixels: uint8, [n, L, L, c]; photos have 3 channels, sketches 1 or 3.
        size: side of the views, in pixels.
        rng: decides everything random.
        device: where to compute the views.
        sketch: treat the pictures as sketches.
        jitter: largest deviation of a jittered sketch's points, as a share of half a side.
        ink_dropout: largest share of a sketch's ink to erase.

    Returns:
        Views [n, 3, size, size] in [-1, 1], on `device`.
    """
    whole = torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
    if sketch:
        whole = erase_and_thicken(whole, rng, ink_dropout)
    grid = F.affine_grid(
        torch.from_numpy(_random_transforms(len(whole), rng, sketch=sketch)).to(device),
        [len(whole), whole.shape[1], size, size],
        align_corners=False,
    )
    if sketch:
        grid = grid + _random_bends(len(whole), size, rng, jitter, device)
    views = F.grid_sample(whole - 1, grid, align_corners=False) + 1  # zero padding becomes white
    return views.expand(-1, 3, -1, -1) if sketch else _recoloured(views, rng)


def _random_transforms(count: int, rng: np.random.Generator, *, sketch: bool) -> NDArray[np.float32]:
    """Affine transforms [n, 2, 3] from view to picture coordinates, both in [-1, 1]."""
    zoom = np.sqrt(rng.uniform(0.7, 1.4, count) if sketch else rng.uniform(0.5, 1.0, count))
    angle = rng.uniform(-0.25, 0.25, count) if sketch else np.zeros(count)
    shift = rng.uniform(-1, 1, (count, 2)) * np.maximum(0.08, 1 - zoom)[:, None]
    mirror = np.where(rng.random(count) < 0.5, -1.0, 1.0)
    aspect = np.exp(rng.uniform(-0.15, 0.15, count))
    matrix = np.zeros((count, 2, 3), np.float32)
    matrix[:, 0, 0], matrix[:, 0, 1] = zoom * aspect * mirror * np.cos(angle), -zoom * np.sin(angle)
    matrix[:, 1, 0], matrix[:, 1, 1] = zoom * mirror * np.sin(angle), zoom / aspect * np.cos(angle)
    matrix[:, :, 2] = shift
    return matrix


def _random_bends(
    count: int, size: int, rng: np.random.Generator, jitter: float, device: torch.device
) -> Tensor:
    """Offsets of the sampling grid [n, size, size, 2]: a smooth bend of all sketches, jitter of half."""
    bend = _to_tensor(device, rng.normal(0, 0.03, (count, 2, 6, 6)))
    reach = rng.uniform(0, jitter, (count, 1, 1, 1)) * (rng.random((count, 1, 1, 1)) < 0.5)
    jittered = _to_tensor(device, rng.normal(0, 1, (count, 2, 56, 56)) * reach)
    offsets = F.interpolate(bend, (size, size), mode="bicubic") + F.interpolate(
        jittered, (size, size), mode="bilinear"
    )
    return offsets.permute(0, 2, 3, 1)


def erase_and_thicken(sketches: Tensor, rng: np.random.Generator, ink_dropout: float) -> Tensor:
    """Erase pieces of up to a share of each sketch's ink, and thicken the strokes of a third of the sketches.

    Args:
        sketches: [n, c, L, L], black (-1) on white (1).
        rng: decides everything random.
        ink_dropout: largest share to erase.
    """
    count = len(sketches)
    dropped = rng.random((count, 1, 14, 14)) < rng.uniform(0, ink_dropout, (count, 1, 1, 1))
    erased = F.interpolate(_to_tensor(sketches.device, dropped), sketches.shape[-2:], mode="nearest")
    remaining = torch.where(erased > 0, torch.ones((), device=sketches.device), sketches)
    thicker = torch.from_numpy(rng.random(count) < 1 / 3).to(sketches.device)[:, None, None, None]
    return torch.where(thicker, -F.max_pool2d(-remaining, 3, stride=1, padding=1), remaining)


def _recoloured(photos: Tensor, rng: np.random.Generator) -> Tensor:
    """Change brightness, contrast and saturation of photos [n, 3, s, s]; turn a fifth of them grey."""
    count = len(photos)
    brightness, contrast = (
        _to_tensor(photos.device, rng.uniform(low, high, (count, 1, 1, 1)))
        for low, high in ((-0.2, 0.2), (0.7, 1.3))
    )
    saturation = np.where(rng.random(count) < 0.2, 0.0, rng.uniform(0.6, 1.4, count))
    colour = _to_tensor(photos.device, saturation)[:, None, None, None]
    grey = photos.mean(1, keepdim=True)
    return ((grey + colour * (photos - grey)) * contrast + brightness).clamp(-1, 1)


def _to_tensor(device: torch.device, values: NDArray[np.generic]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32)).to(device)
