"""Random views of the pictures that a backbone is fine-tuned on: photos as cameras, sketches as hands would vary them."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

CPU = torch.device("cpu")


def crops(
    pixels: NDArray[np.uint8],
    size: int,
    rng: np.random.Generator,
    device: torch.device = CPU,
    *,
    sketch: bool = False,
    jitter: float = 0.0,
    ink_dropout: float = 0.0,
) -> Tensor:
    """Random views: [n, L, L, 3] uint8 to [n, 3, size, size] in [-1, 1] on a device; beyond a picture it is white.

    Photos are cropped (half to all of the area), mirrored and changed in colour. Sketches are turned, scaled and bent
    as a hand would, half of them by up to `jitter` at every point, lose up to the share `ink_dropout` of their ink in pieces
    and get thicker.
    """
    whole = torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
    if sketch:
        whole = _worn(whole, rng, ink_dropout)
    count = len(whole)
    zoom = np.sqrt(rng.uniform(0.7, 1.4, count) if sketch else rng.uniform(0.5, 1.0, count))
    angle = rng.uniform(-0.25, 0.25, count) if sketch else np.zeros(count)
    shift = rng.uniform(-1, 1, (count, 2)) * np.maximum(0.08, 1 - zoom)[:, None]
    mirror = np.where(rng.random(count) < 0.5, -1.0, 1.0)
    aspect = np.exp(rng.uniform(-0.15, 0.15, count))
    matrix = np.zeros((count, 2, 3), np.float32)
    matrix[:, 0, 0], matrix[:, 0, 1] = zoom * aspect * mirror * np.cos(angle), -zoom * np.sin(angle)
    matrix[:, 1, 0], matrix[:, 1, 1] = zoom * mirror * np.sin(angle), zoom / aspect * np.cos(angle)
    matrix[:, :, 2] = shift
    where = F.affine_grid(torch.from_numpy(matrix).to(device), [count, 3, size, size], align_corners=False)
    if sketch:
        bend = _on(device, rng.normal(0, 0.03, (count, 2, 6, 6)))
        reach = rng.uniform(0, jitter, (count, 1, 1, 1)) * (rng.random((count, 1, 1, 1)) < 0.5)
        shaken = _on(device, rng.normal(0, 1, (count, 2, 56, 56)) * reach)
        moved = F.interpolate(bend, (size, size), mode="bicubic") + F.interpolate(
            shaken, (size, size), mode="bilinear"
        )
        where = where + moved.permute(0, 2, 3, 1)
    views = F.grid_sample(whole - 1, where, align_corners=False) + 1
    return views if sketch else _recoloured(views, rng)


def _worn(sketches: Tensor, rng: np.random.Generator, ink_dropout: float) -> Tensor:
    """Sketches [n, 3, L, L] without some pieces of their ink, a third of them in thicker strokes."""
    count = len(sketches)
    gone = rng.random((count, 1, 14, 14)) < rng.uniform(0, ink_dropout, (count, 1, 1, 1))
    erased = F.interpolate(_on(sketches.device, gone), sketches.shape[-2:], mode="nearest")
    kept = torch.where(erased > 0, torch.ones((), device=sketches.device), sketches)
    thicker = torch.from_numpy(rng.random(count) < 1 / 3).to(sketches.device)[:, None, None, None]
    return torch.where(thicker, -F.max_pool2d(-kept, 3, stride=1, padding=1), kept)


def _recoloured(photos: Tensor, rng: np.random.Generator) -> Tensor:
    """Photos [n, 3, s, s] of another brightness, contrast and saturation; a fifth of them grey."""
    count = len(photos)
    light, contrast = (
        _on(photos.device, rng.uniform(low, high, (count, 1, 1, 1)))
        for low, high in ((-0.2, 0.2), (0.7, 1.3))
    )
    colour = _on(photos.device, np.where(rng.random(count) < 0.2, 0.0, rng.uniform(0.6, 1.4, count)))[
        :, None, None, None
    ]
    grey = photos.mean(1, keepdim=True)
    return ((grey + colour * (photos - grey)) * contrast + light).clamp(-1, 1)


def _on(device: torch.device, values: NDArray[np.generic]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32)).to(device)
