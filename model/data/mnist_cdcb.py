"""MNIST-CDCB (Gonzalez-Garcia et al., 2018): digits on coloured ground (X) and coloured digits on black (Y).

Pairs are made from MNIST's digits, by rules that we measured on the published pictures. At 28x28, a pixel
is ink if it is above 0.4 of the range. X keeps the ink's grey and fills the rest with the ground's colour. Y
fills the ink with its colour and keeps the rest's grey. Both colours are uniformly distributed. Both pictures
are then enlarged with a bicubic kernel whose sample i lies at 28 i / size. The mean error on the 20 original
pairs is about 0.6 of 255 levels.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.data.mnist import Digits, read_mnist
from model.data.pairs import Split, fingerprint_of

INK = 102
"""Grey level above which a pixel is ink: 0.4 of 255."""
HELD_OUT = 5_000
"""The last digits of MNIST's training set are the validation split."""


class MnistCdcb:
    """Pairs made from digits.

    Args:
        digits: the digits, one a pair.
        image_size: side of the pictures in pixels.
        domains: names of X and Y.
        seed: of the colours, which are fixed, as in the published pictures.
        augment: whether each draw with an rng has new colours instead.
    """

    def __init__(
        self,
        digits: Digits,
        image_size: int,
        *,
        domains: tuple[str, str] = ("cd", "cb"),
        seed: int = 0,
        augment: bool = False,
    ) -> None:
        self.augment = augment
        self.domains = domains
        self.damaged: tuple[str, ...] = ()
        self.digits = digits
        self.seed = seed
        self.enlarge = bicubic(28, image_size)
        self.fingerprint = fingerprint_of(
            [str(digits.images.sum(axis=(1, 2)).tolist()), str(digits.labels.tolist()), str(seed)]
        )

    def __len__(self) -> int:
        return len(self.digits.images)

    def digit(self, index: int) -> int:
        """Return the digit, 0-9. It is no label (`LabelledPairs`): pairs of one digit differ."""
        return int(self.digits.labels[index])

    def colours(
        self, index: int, rng: np.random.Generator | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the ground's colour in X and the ink's in Y, [3] each, 0-255."""
        new_colours = rng if self.augment else None
        source = new_colours or np.random.default_rng((self.seed, index))
        return source.integers(0, 256, 3), source.integers(0, 256, 3)

    def pair(self, index: int, rng: np.random.Generator | None) -> tuple[Tensor, Tensor]:
        x, y = compose(self.digits.images[index], *self.colours(index, rng))
        return self._pixels(x), self._pixels(y)

    @property
    def device_bytes(self) -> int:
        return self.digits.images.nbytes

    def on_device(self, device: torch.device) -> "DeviceDigits":
        """Return the pairs on a device."""
        return DeviceDigits(self, device)

    def _pixels(self, small: NDArray[np.float32]) -> Tensor:
        large = self.enlarge @ small @ self.enlarge.T
        return torch.from_numpy(large.clip(0, 255) / np.float32(127.5) - np.float32(1))


class DeviceDigits:
    """Pairs made on a device, many at once.

    Args:
        pairs: decides the digits and their colours.
        device: where to make them.
    """

    def __init__(self, pairs: MnistCdcb, device: torch.device) -> None:
        self.pairs = pairs
        self.images = torch.from_numpy(pairs.digits.images).to(device)
        self.enlarge = torch.from_numpy(pairs.enlarge).to(device)

    def batch(
        self, indices: Sequence[int], rngs: Sequence[np.random.Generator | None]
    ) -> tuple[Tensor, Tensor]:
        """Return pairs, [b, 3, s, s] each, in [-1, 1] on the device."""
        colours = np.array([self.pairs.colours(index, rng) for index, rng in zip(indices, rngs, strict=True)])
        ground, ink = torch.from_numpy(colours).to(self.images.device).float()[..., None, None].unbind(1)
        digits = self.images[torch.tensor(indices, device=self.images.device)].float()[:, None]
        is_ink = digits > INK
        x, y = torch.where(is_ink, digits, ground), torch.where(is_ink, ink, digits)
        return self._pixels(x), self._pixels(y)

    def _pixels(self, small: Tensor) -> Tensor:
        large = self.enlarge @ small @ self.enlarge.T
        return large.clamp(0, 255) / 127.5 - 1


def compose(
    digit: NDArray[np.uint8], ground: NDArray[np.int64], ink: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return X and Y of one digit [28, 28], at its own size: two arrays [3, 28, 28], 0-255."""
    is_ink = digit > INK
    x = np.where(is_ink, digit, ground[:, None, None]).astype(np.float32)
    y = np.where(is_ink, ink[:, None, None], digit).astype(np.float32)
    return x, y


def bicubic(size: int, larger: int) -> NDArray[np.float32]:
    """Return the matrix [larger, size] that enlarges a line of pixels.

    The kernel is Keys' cubic one (a = -0.5); edges are repeated.
    """
    margin = 2
    centres = np.arange(larger) * size / larger
    distance = np.abs(centres[:, None] - np.arange(-margin, size + margin))
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    weights = np.where(distance < 1, near, np.where(distance < 2, far, 0.0))
    inside = weights[:, margin:-margin].copy()
    inside[:, 0] += weights[:, :margin].sum(1)
    inside[:, -1] += weights[:, -margin:].sum(1)
    return inside.astype(np.float32)


def open_mnist_cdcb(
    folder: Path, split: Split, image_size: int, domains: tuple[str, str], *, augment: bool = False
) -> MnistCdcb:
    """Return the pairs of one split; with `augment`, training pairs get new colours in each draw.

    `train` has all but the last 5,000 of MNIST's training digits, `val` has those 5,000, and `test` has the
    test digits.

    Raises:
        DataError: the folder does not contain MNIST.
    """
    train, test = read_mnist(folder)
    part = {
        "train": Digits(train.images[:-HELD_OUT], train.labels[:-HELD_OUT]),
        "val": Digits(train.images[-HELD_OUT:], train.labels[-HELD_OUT:]),
        "test": test,
    }[split]
    seed = {"train": 0, "val": 1, "test": 2}[split]
    return MnistCdcb(part, image_size, domains=domains, seed=seed, augment=augment and split == "train")
