"""Pairs of picture files: two side by side in one file, or two folders with files of the same names.

DIR/{train,val,test}/12.jpg               X on the left half, Y on the right (pix2pix's Facades and Maps, CDCB)
DIR/{train,val,test}/<domain>/name.png    one's own pairs, the two folders named as the domains
DIR/<domain>/name.png                     the same without splits: a tenth of the names is val, a tenth test
"""

import hashlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from model.data.pairs import DataError, Split, fingerprint_of, found_in, pictures_in

JITTER = 1.12
"""For training, pictures are kept this much larger than asked and cropped at random."""
MEMORY = 2_000_000_000
"""Bytes of decoded pictures that are kept in memory; beyond, each is read again when drawn."""

Files = tuple[Path, Path | None]
"""One pair: a file with both side by side and None, or X's file and Y's."""
Pixels = NDArray[np.uint8]


class PairedPictures:
    """Pairs of files. Training draws are cropped and mirrored, the same way on both sides.

    Args:
        files: the pairs' files.
        image_size: side of the pictures given.
        augment: whether draws with an rng are cropped and mirrored.
    """

    def __init__(
        self, files: list[Files], image_size: int, *, domains: tuple[str, str], augment: bool = True
    ) -> None:
        self.domains = domains
        self.image_size = image_size
        self.load_size = round(image_size * JITTER) if augment else image_size
        self.augment = augment
        fits = len(files) * 6 * self.load_size**2 <= MEMORY
        self.files: list[Files] = []
        self.pictures: list[tuple[Pixels, Pixels]] | None = [] if fits else None
        damaged: list[str] = []
        for pair in files:
            try:
                pictures = self._read(pair) if fits else None
                if pictures is None:
                    _check(pair)
            except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
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
        if rng is None:
            return _tensor(_resize(x, self.image_size)), _tensor(_resize(y, self.image_size))
        margin = self.load_size - self.image_size
        top, left = rng.integers(0, margin + 1, 2)
        mirrored = self.augment and rng.random() < 0.5
        window = np.s_[top : top + self.image_size, left : left + self.image_size]
        x, y = x[window], y[window]
        return (_tensor(x[:, ::-1]), _tensor(y[:, ::-1])) if mirrored else (_tensor(x), _tensor(y))

    def _read(self, files: Files) -> tuple[Pixels, Pixels]:
        first, second = files
        with Image.open(first) as opened:
            both = opened.convert("RGB")
        if second is None:
            middle = both.width // 2
            x, y = both.crop((0, 0, middle, both.height)), both.crop((middle, 0, 2 * middle, both.height))
        else:
            with Image.open(second) as opened:
                x, y = both, opened.convert("RGB")
        size = (self.load_size, self.load_size)
        return np.asarray(x.resize(size, Image.Resampling.BICUBIC)), np.asarray(
            y.resize(size, Image.Resampling.BICUBIC)
        )


def _check(files: Files) -> None:
    for path in files:
        if path is not None:
            with Image.open(path) as opened:
                opened.verify()


def _resize(pixels: Pixels, size: int) -> Pixels:
    if pixels.shape[0] == size:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC))


def _tensor(pixels: Pixels) -> Tensor:
    return torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32)) / 127.5 - 1.0


def open_paired(
    folder: Path, split: Split, image_size: int, domains: tuple[str, str], *, augment: bool = True
) -> PairedPictures:
    """The pairs of one split; where a set has no test folder its val is the test, and the other way round.

    Raises:
        DataError: neither form is there, or no pair can be read.
    """
    files = (
        _side_by_side(folder, split)
        or _two_folders(folder / split, domains)
        or _unsplit(folder, split, domains)
    )
    if not files:
        raise DataError(
            f"looked for side-by-side pictures in {folder / split}, or for pairs in folders named "
            f"{domains[0]} and {domains[1]}, in {folder}: {found_in(folder)}"
        )
    pairs = PairedPictures(files, image_size, domains=domains, augment=augment and split == "train")
    if not len(pairs):
        raise DataError(
            f"none of the {len(files)} pictures of {split} in {folder} can be read; the first is {pairs.damaged[0]}"
        )
    return pairs


def _side_by_side(folder: Path, split: Split) -> list[Files]:
    stand_in = {"train": "train", "val": "test", "test": "val"}[split]
    for name in (split, stand_in):
        if (folder / name).is_dir() and (files := pictures_in(folder / name)):
            return [(path, None) for path in files]
    return []


def _two_folders(folder: Path, domains: tuple[str, str]) -> list[Files]:
    first, second = folder / domains[0], folder / domains[1]
    if not (first.is_dir() and second.is_dir()):
        return []
    partners = {path.stem: path for path in pictures_in(second)}
    return [(path, partners[path.stem]) for path in pictures_in(first) if path.stem in partners]


def _unsplit(folder: Path, split: Split, domains: tuple[str, str]) -> list[Files]:
    return [files for files in _two_folders(folder, domains) if _split_of(files[0].stem) == split]


def _split_of(stem: str) -> Split:
    tenth = int.from_bytes(hashlib.sha256(stem.encode()).digest()[:4], "big") % 10
    return "val" if tenth == 0 else "test" if tenth == 1 else "train"
