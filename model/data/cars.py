"""Cars (Reed et al., 2015) as published: `car_NNN_mesh.mat`, one file per car, 24 views at 4 elevations.

A pair is view 0 and another view of the same elevation: 92 pairs per car. The paper trains on cars 1-191 and
tests on 192-199. It has no validation cars, so the last 16 training cars are the validation split: train is
1-175, val is 176-191.
"""

from io import BufferedReader
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from model.data.pairs import DataError, Split, by_number, describe_folder, fingerprint_of
from model.regular_file import open_regular

CARS: dict[Split, range] = {"train": range(1, 176), "val": range(176, 192), "test": range(192, 200)}
"""The numbers of each split's cars."""
HDF5_START = b"MATLAB 7.3 MAT-file"
"""Start of a MATLAB file of version 7.3, before its HDF5 content."""
VIEWS, ELEVATIONS = 24, 4
PAIRS_PER_CAR = (VIEWS - 1) * ELEVATIONS


class Cars:
    """Pairs of views; all cars of the split are decoded once and kept in memory."""

    def __init__(self, files: list[Path], image_size: int, *, domains: tuple[str, str]) -> None:
        self.domains = domains
        self.cars: list[NDArray[np.uint8]] = []
        readable: list[Path] = []
        damaged: list[str] = []
        for path in files:
            try:
                self.cars.append(read_car(path, image_size))
                readable.append(path)
            except DataError as error:
                damaged.append(str(error))
        self.damaged = tuple(damaged)
        self.fingerprint = fingerprint_of(f"{path.name} {path.stat().st_size}" for path in readable)

    def __len__(self) -> int:
        return len(self.cars) * PAIRS_PER_CAR

    def pair(self, index: int, rng: np.random.Generator | None) -> tuple[Tensor, Tensor]:
        car, rest = divmod(index, PAIRS_PER_CAR)
        elevation, turned = divmod(rest, VIEWS - 1)
        views = self.cars[car][elevation]
        return _tensor(views[0]), _tensor(views[turned + 1])

    def label(self, index: int) -> int:
        """Return one number for each car and elevation: view 0 is X's picture of all their pairs."""
        return index // (VIEWS - 1)


def read_car(path: Path, image_size: int) -> NDArray[np.uint8]:
    """Return one car's pictures, [elevations, views, image_size, image_size, 3].

    Raises:
        DataError: the file is not a MATLAB file (version 5 or 7.3) with a key `im` of shape
            H x W x 3 x 24 x 4.
    """
    try:
        with open_regular(path) as file:
            pictures = _matlab_array(file, "im")
    except Exception as error:  # scipy and h5py raise many kinds of errors for damaged files
        raise DataError(f"{path.name} cannot be read as a MATLAB file with a key 'im': {error}") from error
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


def _matlab_array(file: BufferedReader, key: str) -> NDArray[np.uint8]:
    """Return an array of a MATLAB file, of version 5 or 7.3 (HDF5).

    Raises:
        DataError: the file has version 7.3, and h5py is not installed.
    """
    start = file.read(len(HDF5_START))
    file.seek(0)
    if start != HDF5_START:
        from scipy.io import loadmat  # slow to import, and only this form of data needs it

        array: NDArray[np.uint8] = loadmat(file)[key]
        return array
    try:
        import h5py  # of the extra `train`
    except ModuleNotFoundError as error:
        raise DataError("it has MATLAB's version 7.3; pip install h5py to read it") from error
    with h5py.File(file, "r") as content:
        return np.asarray(content[key]).transpose()  # HDF5 lists MATLAB's axes from the last to the first


def _tensor(pixels: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32)) / 127.5 - 1.0


def open_cars(folder: Path, split: Split, image_size: int, domains: tuple[str, str]) -> Cars:
    """Return the pairs of one split's cars.

    Raises:
        DataError: the folder has no file of the split, or none that can be read.
    """
    files = sorted(folder.glob("car_*_mesh.mat"), key=by_number)
    of_split = [path for path in files if _number(path) in CARS[split]]
    if not of_split:
        ranges = ", ".join(f"{name} {cars[0]}-{cars[-1]}" for name, cars in CARS.items())
        raise DataError(
            f"looked for car_NNN_mesh.mat of {split} ({ranges}) in {folder}: {describe_folder(folder)}"
        )
    cars = Cars(of_split, image_size, domains=domains)
    if not len(cars):
        raise DataError(
            f"none of the {len(of_split)} cars of {split} in {folder} can be read; "
            f"the first is {cars.damaged[0]}"
        )
    return cars


def _number(path: Path) -> int:
    return int(path.name.split("_")[1])
