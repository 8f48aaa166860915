"""Pairs of picture files: two side by side in one file, or two files of the same name.

`model.data.pair_files` finds them.
"""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from model.data.pair_files import Files, find_pairs, name_some
from model.data.pairs import DataError, Split, fingerprint_of
from model.images.decode import read_picture
from model.images.errors import PictureError

ENLARGED = 1.12
"""With augmentation, pictures are loaded this much larger than needed and cropped at random."""
WIDE = (1.8, 2.2)
"""Width of a pair side by side in heights, at least and at most."""
MEMORY = 2_000_000_000
"""Bytes of decoded pictures that may be kept in memory; larger sets are read from files for each batch."""

Pixels = NDArray[np.uint8]


class PairedPictures:
    """Pairs of files.

    Args:
        files: the pairs' files.
        image_size: side of the pictures in pixels.
        domains: names of X and Y.
        augment: whether pairs drawn with an rng are cropped and mirrored, the same way on both sides.
    """

    def __init__(
        self, files: Sequence[Files], image_size: int, *, domains: tuple[str, str], augment: bool = False
    ) -> None:
        self.domains = domains
        self.image_size = image_size
        self.load_size = round(image_size * ENLARGED) if augment else image_size
        self.augment = augment
        fits_in_memory = len(files) * 6 * self.load_size**2 <= MEMORY
        self.files: list[Files] = []
        self.pictures: list[tuple[Pixels, Pixels]] | None = [] if fits_in_memory else None
        damaged: list[str] = []
        for pair in files:
            try:
                pictures = self._read(pair) if fits_in_memory else None
                if pictures is None:
                    _check(pair)
            except (OSError, PictureError, DataError) as error:
                damaged.append(f"{pair[0].name} ({error})")
                continue
            self.files.append(pair)
            if pictures is not None and self.pictures is not None:
                self.pictures.append(pictures)
        self.damaged = tuple(damaged)
        self.left_out: tuple[str, ...] = ()
        self.fingerprint = fingerprint_of(
            f"{path.name} {path.stat().st_size}" for pair in self.files for path in pair if path
        )

    def __len__(self) -> int:
        return len(self.files)

    def pair(self, index: int, rng: np.random.Generator | None) -> tuple[Tensor, Tensor]:
        x, y = self.pictures[index] if self.pictures is not None else self._read(self.files[index])
        if rng is None or not self.augment:
            return _tensor(_resize(x, self.image_size)), _tensor(_resize(y, self.image_size))
        top, left, mirrored = random_window(self.load_size - self.image_size, rng)
        window = np.s_[top : top + self.image_size, left : left + self.image_size]
        x, y = x[window], y[window]
        return (_tensor(x[:, ::-1]), _tensor(y[:, ::-1])) if mirrored else (_tensor(x), _tensor(y))

    def label(self, index: int) -> int:
        """Return the number of the first pair with the same picture of X, as all views of a car have."""
        return self._labels[index]

    @cached_property
    def _labels(self) -> list[int]:
        seen: dict[bytes, int] = {}
        return [
            seen.setdefault(hashlib.sha256(self.pair(index, None)[0].numpy().tobytes()).digest(), index)
            for index in range(len(self))
        ]

    @property
    def device_bytes(self) -> int:
        return len(self.files) * 6 * self.load_size**2

    def on_device(self, device: torch.device) -> "DevicePictures | None":
        """Return the pairs on a device, or None if they are too many to be kept in memory."""
        if self.pictures is None:
            return None
        return DevicePictures(self.pictures, self.image_size, augment=self.augment, device=device)

    def _read(self, files: Files) -> tuple[Pixels, Pixels]:
        first, second = files
        both = read_picture(first)
        if second is None:
            _check_halves(both)
            middle = both.width // 2
            x, y = both.crop((0, 0, middle, both.height)), both.crop((middle, 0, 2 * middle, both.height))
        else:
            x, y = both, read_picture(second)
        size = (self.load_size, self.load_size)
        return np.asarray(x.resize(size, Image.Resampling.BICUBIC)), np.asarray(
            y.resize(size, Image.Resampling.BICUBIC)
        )


class DevicePictures:
    """Decoded pairs on a device.

    Args:
        pictures: the pairs, uint8 [L, L, 3] each.
        image_size: side of the batches' pictures in pixels, at most L.
        augment: whether pairs drawn with an rng are cropped and mirrored.
        device: where to keep them.
    """

    def __init__(
        self, pictures: list[tuple[Pixels, Pixels]], image_size: int, *, augment: bool, device: torch.device
    ) -> None:
        self.image_size, self.augment = image_size, augment
        self.pictures = torch.stack(
            [torch.from_numpy(np.stack(pair)).permute(0, 3, 1, 2) for pair in pictures]
        ).to(device)
        self._decoded = pictures

    @cached_property
    def whole(self) -> Tensor:
        """All pairs as they are without augmentation, [n, 2, 3, s, s]."""
        if self.pictures.shape[-1] == self.image_size:
            return self.pictures
        resized = [[_resize(side, self.image_size) for side in pair] for pair in self._decoded]
        return torch.from_numpy(np.array(resized)).permute(0, 1, 4, 2, 3).to(self.pictures.device)

    def batch(
        self, indices: Sequence[int], rngs: Sequence[np.random.Generator | None]
    ) -> tuple[Tensor, Tensor]:
        """Return pairs, [b, 3, s, s] each, in [-1, 1] on the device."""
        size = self.image_size
        pairs = []
        for index, rng in zip(indices, rngs, strict=True):
            if rng is None or not self.augment:
                pairs.append(self.whole[index])
                continue
            top, left, mirrored = random_window(self.pictures.shape[-1] - size, rng)
            pair = self.pictures[index, :, :, top : top + size, left : left + size]
            pairs.append(pair.flip(-1) if mirrored else pair)
        x, y = (torch.stack(pairs, 1).float() / 127.5 - 1.0).unbind()
        return x, y


def random_window(margin: int, rng: np.random.Generator) -> tuple[int, int, bool]:
    """Return the top and the left edge of a random crop, 0 to `margin`, and whether to mirror it."""
    top, left = rng.integers(0, margin + 1, 2).tolist()
    return top, left, bool(rng.random() < 0.5)


def _check(files: Files) -> None:
    first, second = files
    both = read_picture(first)
    if second is None:
        _check_halves(both)
    else:
        read_picture(second)


def _check_halves(both: Image.Image) -> None:
    """Refuse a picture that has no two square halves: it would be cut in the middle.

    Raises:
        DataError: its width is not about twice its height.
    """
    if not WIDE[0] <= both.width / both.height <= WIDE[1]:
        raise DataError(
            f"it has {both.width}x{both.height} pixels; a pair side by side is twice as wide as high. "
            "Put X and Y into two folders"
        )


def _resize(pixels: Pixels, size: int) -> Pixels:
    if pixels.shape[0] == size:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC))


def _tensor(pixels: Pixels) -> Tensor:
    return torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32)) / 127.5 - 1.0


def open_paired(
    folder: Path, split: Split, image_size: int, domains: tuple[str, str], *, augment: bool = False
) -> PairedPictures:
    """Return the pairs of one split; `augment` crops and mirrors training pairs at random.

    Raises:
        DataError: the folder has no pair of this split, or none that can be read.
    """
    found = find_pairs(folder, split, domains)
    pairs = PairedPictures(found.files, image_size, domains=domains, augment=augment and split == "train")
    if not len(pairs):
        raise DataError(
            f"none of the {len(found.files)} pairs of {split} in {folder} can be used: {pairs.damaged[0]}"
        )
    if found.unpaired:
        names = name_some(path.relative_to(folder).as_posix() for path in found.unpaired)
        count = len(found.unpaired)
        pairs.left_out = (f"{count} pictures without a partner of the same name: {names}",)
    return pairs
