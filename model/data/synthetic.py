"""Synthetic pairs, for tests and quick tries: both domains share a square, each in its own colours."""

import numpy as np
import torch
from torch import Tensor

from model.data.pairs import fingerprint_of


class SyntheticPairs:
    """Squares at random places. X has a white square on a coloured ground, Y a coloured square on black."""

    def __init__(
        self, count: int, image_size: int, *, domains: tuple[str, str] = ("x", "y"), seed: int = 0
    ) -> None:
        self.domains = domains
        self.count = count
        self.image_size = image_size
        self.seed = seed
        self.damaged: tuple[str, ...] = ()
        self.fingerprint = fingerprint_of(["synthetic", str(count), str(image_size), str(seed)])

    def __len__(self) -> int:
        return self.count

    def pair(self, index: int, rng: np.random.Generator | None) -> tuple[Tensor, Tensor]:
        shape = np.random.default_rng((self.seed, index))
        colours = rng or shape
        size = self.image_size
        side = shape.integers(size // 6, size // 2)
        top, left = shape.integers(0, size - side, 2)
        x = np.repeat(colours.uniform(-1, 0.5, 3)[:, None, None], size, axis=1).repeat(size, axis=2)
        y = np.full((3, size, size), -1.0)
        x[:, top : top + side, left : left + side] = 1.0
        y[:, top : top + side, left : left + side] = colours.uniform(-0.5, 1, 3)[:, None, None]
        return torch.from_numpy(x.astype(np.float32)), torch.from_numpy(y.astype(np.float32))
