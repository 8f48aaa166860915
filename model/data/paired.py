"""Pairs of picture files: two side by side in one file, or two folders with files of the same names.

DIR/{train,val,test}/12.jpg             X on the left half, Y on the right, as pix2pix's Facades and Maps
DIR/{train,val,test}/<domain>/name.png  your own pairs; the two folders have the domains' names
DIR/<domain>/name.png                   the same without splits: a tenth of the names is val, a tenth test

The best training step is chosen on `val`, so figures must be reported on other pairs. With
folders train, val and test, each split is its folder. With only one of val and test, that folder is the split
`test`, as in the published Maps, which has only val/. The split `val` is then the tenth of train/ whose names
have the smallest hashes, and the split `train` leaves that tenth out.
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

from model.data.pairs import DataError, Split, describe_folder, fingerprint_of, pictures_in
from model.images.decode import read_picture
from model.images.errors import PictureError

ENLARGED = 1.12
"""With augmentation, pictures are loaded this much larger than needed and cropped at random."""
MEMORY = 2_000_000_000
"""Bytes of decoded pictures that may be kept in memory; larger sets are read from files for each batch."""

Files = tuple[Path, Path | None]
"""One pair: a file with both side by side and None, or X's file and Y's."""
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
        self, files: list[Files], image_size: int, *, domains: tuple[str, str], augment: bool = False
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
            except (OSError, PictureError):
                damaged.append(pair[0].name)
                continue
            self.files.append(pair)
            if pictures is not None and self.pictures is not None:
                self.pictures.append(pictures)
        self.damaged = tuple(damaged)
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
    for path in files:
        if path is not None:
            read_picture(path)


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
    files = _with_folders(folder, split, domains) or _without_folders(folder, split, domains)
    if not files:
        raise DataError(
            f"looked for pairs of {split} in {folder}: side-by-side pictures in train/, val/ and test/, "
            f"or pictures in folders named {domains[0]} and {domains[1]}; {describe_folder(folder)}"
        )
    pairs = PairedPictures(files, image_size, domains=domains, augment=augment and split == "train")
    if not len(pairs):
        raise DataError(
            f"none of the {len(files)} pictures of {split} in {folder} can be read; "
            f"the first is {pairs.damaged[0]}"
        )
    return pairs


def _with_folders(folder: Path, split: Split, domains: tuple[str, str]) -> list[Files]:
    """Return a split's pairs where the data has a folder for train and perhaps for others."""
    train, val, test = (_pairs_in(folder / name, domains) for name in ("train", "val", "test"))
    if val and test:
        return {"train": train, "val": val, "test": test}[split]
    if split == "test":
        return test or val
    hashes = sorted(_hash(files[0].stem) for files in train)
    first = hashes[: max(1, len(train) // 10)]
    return [files for files in train if (_hash(files[0].stem) in first) == (split == "val")]


def _without_folders(folder: Path, split: Split, domains: tuple[str, str]) -> list[Files]:
    """Return a split's pairs where the domains' folders lie directly in the data's folder."""
    splits: dict[int, Split] = {0: "val", 1: "test"}
    files = _two_folders(folder, domains)
    return [pair for pair in files if splits.get(_hash(pair[0].stem) % 10, "train") == split]


def _pairs_in(folder: Path, domains: tuple[str, str]) -> list[Files]:
    if not folder.is_dir():
        return []
    return [(path, None) for path in pictures_in(folder)] or _two_folders(folder, domains)


def _two_folders(folder: Path, domains: tuple[str, str]) -> list[Files]:
    first, second = folder / domains[0], folder / domains[1]
    if not (first.is_dir() and second.is_dir()):
        return []
    partners = {path.stem: path for path in pictures_in(second)}
    return [(path, partners[path.stem]) for path in pictures_in(first) if path.stem in partners]


def _hash(stem: str) -> int:
    """Return a number that depends on a file's name only."""
    return int.from_bytes(hashlib.sha256(stem.encode()).digest()[:4], "big")
