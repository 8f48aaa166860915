"""Cars (Reed et al., 2015) as published: `car_NNN_mesh.mat`, one file a car, 24 views at 4 elevations.

A pair is view 0 and another view of the same elevation: 92 pairs a car. Cars 1-191 train, 192-199 test.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from model.data.pairs import DataError, Split, by_number, fingerprint_of, found_in

FIRST_TEST_CAR = 192
VIEWS, ELEVATIONS = 24, 4
PAIRS_PER_CAR = (VIEWS - 1) * ELEVATIONS


class Cars:
    """Pairs of views; all cars of the split are decoded once and kept."""

    def __init__(self, files: list[Path], image_size: int, *, domains: tuple[str, str]) -> None:
        self.domains = domains
        self.cars: list[NDArray[np.uint8]] = []
        kept: list[Path] = []
        damaged: list[str] = []
        for path in files:
            try:
                self.cars.append(read_car(path, image_size))
                kept.append(path)
            except DataError:
                damaged.append(path.name)
        self.damaged = tuple(damaged)
        self.fingerprint = fingerprint_of(f"{path.name} {path.stat().st_size}" for path in kept)

    def __len__(self) -> int:
        return len(self.cars) * PAIRS_PER_CAR

    def pair(self, index: int, rng: np.random.Generator | None) -> tuple[Tensor, Tensor]:
        car, rest = divmod(index, PAIRS_PER_CAR)
        elevation, turned = divmod(rest, VIEWS - 1)
        views = self.cars[car][elevation]
        return _tensor(views[0]), _tensor(views[turned + 1])


def read_car(path: Path, image_size: int) -> NDArray[np.uint8]:
    """One car's pictures, [elevations, views, image_size, image_size, 3].

    Raises:
        DataError: not a MATLAB file with a key `im` of shape H x W x 3 x 24 x 4.
    """
    from scipy.io import loadmat  # slow to import, and only this form of data needs it

    try:
        pictures = loadmat(path)["im"]
    except Exception as error:  # scipy raises many kinds over damaged files
        raise DataError(f"{path.name} cannot be read as MATLAB v5 with a key 'im': {error}") from error
    if pictures.ndim != 5 or pictures.shape[2:] != (3, VIEWS, ELEVATIONS):
        raise DataError(f"{path.name} holds 'im' of shape {pictures.shape}, not H x W x 3 x 24 x 4")
    ordered = pictures.transpose(4, 3, 0, 1, 2).astype(np.uint8)
    size = (image_size, image_size)
    resized = [
        [
            np.asarray(Image.fromarray(np.ascontiguousarray(view)).resize(size, Image.Resampling.BICUBIC))
            for view in ring
        ]
        for ring in ordered
    ]
    return np.array(resized)


def _tensor(pixels: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32)) / 127.5 - 1.0


def open_cars(folder: Path, split: Split, image_size: int, domains: tuple[str, str]) -> Cars:
    """The cars of one split; val is the test cars, as the paper has none.

    Raises:
        DataError: the folder holds no such file, or none that can be read.
    """
    files = sorted(folder.glob("car_*_mesh.mat"), key=by_number)
    wanted = [path for path in files if (_number(path) < FIRST_TEST_CAR) == (split == "train")]
    if not wanted:
        raise DataError(
            f"looked for car_NNN_mesh.mat of {split} (1-191 train, 192-199 test) in {folder}: {found_in(folder)}"
        )
    cars = Cars(wanted, image_size, domains=domains)
    if not len(cars):
        raise DataError(
            f"none of the {len(wanted)} cars of {split} in {folder} can be read; the first is {cars.damaged[0]}"
        )
    return cars


def _number(path: Path) -> int:
    return int(path.name.split("_")[1])
