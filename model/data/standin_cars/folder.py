"""A folder of drawn cars: a MATLAB file for each car, in the published form, and a note of what they are."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.data.cars import ELEVATIONS, VIEWS
from model.data.pairs import DataError
from model.data.standin_cars.build import build_car
from model.data.standin_cars.design import draw_design
from model.data.standin_cars.picture import draw_picture
from model.storage import write_bytes

VERSION = 1
"""Raise it when the drawn pictures change, so that no folder holds cars of two versions."""
NOTE = "stand-in.json"
_OWN_NAMES = re.compile(r"\.?car_\d{3}_mesh\.mat(\.\d+)?|\.?stand-in\.json(\.\d+)?")


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
    note = {"what": "a stand-in for the data set Cars, drawn by model.data.standin_cars"}
    settings = {"version": VERSION, "seed": seed, "size": size}
    _check(folder, settings)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / NOTE).exists():
        write_bytes(folder / NOTE, json.dumps(note | settings, indent=2).encode() + b"\n")
    for number in range(1, cars + 1):
        path = folder / f"car_{number:03d}_mesh.mat"
        if not path.exists():
            write_bytes(path, _matlab(draw_car(seed, number, size)))
        yield number


def _check(folder: Path, settings: dict[str, int]) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise DataError(f"{folder} is a file; name a folder")
    names = sorted(path.name for path in folder.iterdir())
    others = [name for name in names if not _OWN_NAMES.fullmatch(name)]
    if others:
        raise DataError(f"{folder} holds other files, such as {others[0]}; name a new or an empty folder")
    if NOTE not in names:
        if any(name.startswith("car_") for name in names):
            raise DataError(f"{folder} holds cars that this program did not draw; name a new folder")
        return
    try:
        found = json.loads((folder / NOTE).read_text())
        drawn = {key: found[key] for key in settings}
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder / NOTE} cannot be read; delete the folder and start again") from error
    if drawn != settings:
        had, asked = (
            ", ".join(f"{key} {value}" for key, value in part.items()) for part in (drawn, settings)
        )
        raise DataError(f"{folder} holds cars of {had}, not of {asked}; name a new folder")


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
