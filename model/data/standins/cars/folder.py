"""A folder of drawn cars: a MATLAB file for each car, in the published form."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.data.cars import CARS, ELEVATIONS, VIEWS
from model.data.standins.cars.build import build_car
from model.data.standins.cars.design import draw_design
from model.data.standins.cars.picture import draw_picture
from model.data.standins.folder import prepare
from model.storage import write_bytes

VERSION = 1
"""Raise it when the drawn pictures change, so that no folder holds cars of two versions."""
ALL = range(1, CARS["test"][-1] + 1)
"""The numbers of the published cars."""


def fill_folder(folder: Path, *, size: int, seed: int, cars: int) -> Iterator[int]:
    """Draw the cars 1 to `cars` that the folder lacks, and yield each car's number once its file is there.

    Args:
        folder: made if it does not exist.
        size: the pictures' width and height in pixels.
        seed: the same seed gives the same cars.
        cars: how many; the data set has 199.

    Raises:
        DataError: the folder holds other files, or cars of another seed, size or version.
        OSError: a file cannot be written.
    """
    prepare(folder, "Cars", {"version": VERSION, "seed": seed, "size": size}, [_name(each) for each in ALL])
    for number in range(1, cars + 1):
        path = folder / _name(number)
        if not path.exists():
            write_bytes(path, _matlab(draw_car(seed, number, size)))
        yield number


def _name(number: int) -> str:
    return f"car_{number:03d}_mesh.mat"


def draw_car(seed: int, number: int, size: int) -> NDArray[np.uint8]:
    """Return all pictures of one car, [size, size, 3, views, elevations], as Cars has them."""
    car = build_car(draw_design(seed, number))
    rings = [
        [draw_picture(car, view, elevation, size) for view in range(VIEWS)] for elevation in range(ELEVATIONS)
    ]
    return np.array(rings).transpose(2, 3, 4, 1, 0)


def _matlab(pictures: NDArray[np.uint8]) -> bytes:
    from scipy.io import savemat  # slow to import

    file = BytesIO()
    savemat(file, {"im": pictures}, do_compression=True)
    return file.getvalue()
