"""Doodles: drawings that people made in a few seconds, in the form of Google's Quick, Draw! data set.

    DIR/<class>.npy       uint8 [n, 784] or [n, s, s]: white strokes on black, the published `numpy_bitmap`
    DIR/<class>/*.png     pictures of dark strokes on white

Google's files are called `cat.npy`, or `full_numpy_bitmap_cat.npy` if a browser saved them.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.data.pairs import DataError, describe_folder, fingerprint_of, pictures_in
from model.data.thing_names import related, thing_of
from model.images.decode import read_picture
from model.images.errors import PictureError
from model.regular_file import open_regular

SAVED_BY_A_BROWSER = "full_numpy_bitmap_"


@dataclass(frozen=True)
class DoodleFiles:
    """Paths of doodles by class; no file is opened before `drawings`.

    Attributes:
        files: a bitmap file or a folder of pictures for each class.
    """

    files: tuple[tuple[Path, str], ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of all classes, sorted."""
        return tuple(sorted({label for _, label in self.files}))

    def without(self, hidden: Iterable[str]) -> "DoodleFiles":
        """The files of classes that are not related to hidden ones (`thing_names.related`)."""
        names = tuple(hidden)
        return DoodleFiles(tuple((path, label) for path, label in self.files if not related(label, names)))

    def of(self, things: Iterable[str]) -> "DoodleFiles":
        """The files of these things, under any of their names."""
        names = {thing_of(thing) for thing in things}
        return DoodleFiles(tuple((path, label) for path, label in self.files if thing_of(label) in names))

    @property
    def fingerprint(self) -> str:
        """SHA-256 over class and size of every file."""
        return fingerprint_of(f"{label} {_size(path)}" for path, label in self.files)

    def drawings(self, most: int, seed: int) -> Iterator[tuple[Image.Image, str]]:
        """Yield doodles, black on white, mode L, with their class names.

        Pictures that cannot be read are left out.

        Args:
            most: doodles of each class; a class with more gives a random choice of them.
            seed: decides the choice.

        Raises:
            DataError: a bitmap file does not have the published form.
        """
        for number, (path, label) in enumerate(self.files):
            rng = np.random.default_rng((seed, number))
            if path.is_dir():
                for file in _chosen(pictures_in(path), most, rng):
                    try:
                        yield read_picture(file, drawing=True).convert("L"), label
                    except (OSError, PictureError):
                        continue
            else:
                for bitmap in read_bitmaps(path, most, rng):
                    yield Image.fromarray(255 - bitmap), label


def read_quickdraw(folder: Path) -> DoodleFiles:
    """List the doodles of a folder.

    Raises:
        DataError: the folder has no doodles.
    """
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    files = [
        (path, path.name.removesuffix(".npy").removeprefix(SAVED_BY_A_BROWSER))
        for path in entries
        if path.suffix == ".npy" or (path.is_dir() and pictures_in(path))
    ]
    if not files:
        raise DataError(f"looked for <class>.npy or <class>/*.png in {folder}: {describe_folder(folder)}")
    return DoodleFiles(tuple(files))


def read_bitmaps(path: Path, most: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Read up to `most` bitmaps [n, s, s] of one class, white on black; only these are read from the disk.

    Raises:
        DataError: the file cannot be read, or is not uint8 of shape [n, s * s] or [n, s, s].
    """
    try:
        with open_regular(path) as file:
            np.lib.format.read_magic(file)  # an archive or a pickle is refused here, before it is mapped
        bitmaps = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} cannot be read as bitmaps: {error}") from error
    side = math.isqrt(bitmaps.shape[1]) if bitmaps.ndim in {2, 3} else 0
    square = bitmaps.ndim == 3 and bitmaps.shape[1] == bitmaps.shape[2]
    if bitmaps.dtype != np.uint8 or not (square or (bitmaps.ndim == 2 and side * side == bitmaps.shape[1])):
        raise DataError(
            f"{path} has {bitmaps.dtype} of shape {list(bitmaps.shape)}; bitmaps are uint8 of shape [n, 784]"
        )
    side = bitmaps.shape[1] if square else side
    count = len(bitmaps)
    chosen = np.arange(count) if count <= most else np.sort(rng.choice(count, most, replace=False))
    return np.array(bitmaps[chosen]).reshape(-1, side, side)


def _chosen(paths: list[Path], most: int, rng: np.random.Generator) -> list[Path]:
    if len(paths) <= most:
        return paths
    return [paths[number] for number in np.sort(rng.choice(len(paths), most, replace=False))]


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in pictures_in(path)) if path.is_dir() else path.stat().st_size
