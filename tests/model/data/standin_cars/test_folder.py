"""Folders of drawn cars in the published form."""

import json

import numpy as np
import pytest
from scipy.io import loadmat

from model.data.cars import PAIRS_PER_CAR, open_cars, read_car
from model.data.pairs import DataError
from model.data.standin_cars import folder as module
from model.data.standin_cars.build import build_car
from model.data.standin_cars.design import draw_design
from model.data.standin_cars.folder import NOTE, fill_folder
from model.data.standin_cars.picture import draw_picture


@pytest.fixture
def quick(monkeypatch):
    """Draw black cars; return the numbers that were drawn."""
    drawn = []

    def draw(seed, number, size):
        drawn.append(number)
        return np.zeros((size, size, 3, 24, 4), np.uint8)

    monkeypatch.setattr(module, "draw_car", draw)
    return drawn


def fill(folder, cars=3, **changed):
    return list(fill_folder(folder, **{"size": 16, "seed": 0, "cars": cars} | changed))


def test_the_reader_of_cars_reads_a_drawn_car(tmp_path):
    assert fill(tmp_path / "new" / "cars", cars=1) == [1]
    path = tmp_path / "new" / "cars" / "car_001_mesh.mat"
    stored = loadmat(path)["im"]
    assert (stored.shape, stored.dtype) == ((16, 16, 3, 24, 4), np.uint8)
    car = build_car(draw_design(0, 1))
    np.testing.assert_array_equal(read_car(path, 16)[2, 5], draw_picture(car, 5, 2, 16))
    pairs = open_cars(path.parent, "train", 16, ("front", "turned"))
    assert (len(pairs), pairs.damaged) == (PAIRS_PER_CAR, ())


def test_a_repeated_command_draws_only_the_missing_cars(tmp_path, quick):
    fill(tmp_path)
    (tmp_path / "car_002_mesh.mat").unlink()
    (tmp_path / ".car_002_mesh.mat.4711").write_bytes(b"half")  # a killed command leaves it
    quick.clear()
    assert fill(tmp_path, cars=4) == [1, 2, 3, 4]
    assert quick == [2, 4]
    assert len(list(tmp_path.glob("car_*_mesh.mat"))) == 4


def test_the_note_says_that_the_cars_are_a_stand_in(tmp_path, quick):
    fill(tmp_path, cars=1, seed=5)
    note = json.loads((tmp_path / NOTE).read_text())
    assert "stand-in" in note["what"]
    assert (note["seed"], note["size"]) == (5, 16)


def test_a_car_that_cannot_be_written_leaves_no_part_of_it(tmp_path, quick, monkeypatch):
    fill(tmp_path, cars=1)
    write = module.write_bytes

    def full_disk(path, data):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(module, "write_bytes", full_disk)
    with pytest.raises(OSError, match=r"No space.*car_002"):
        fill(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["car_001_mesh.mat", NOTE]
    monkeypatch.setattr(module, "write_bytes", write)
    assert fill(tmp_path) == [1, 2, 3]


@pytest.mark.parametrize("name", ["holiday.jpg", "car_1_mesh.mat", "car_001_mesh.mat.txt", ".git"])
def test_a_folder_of_other_files_is_refused(name, tmp_path, quick):
    (tmp_path / name).write_text("mine")
    with pytest.raises(DataError, match=f"holds other files, such as {name}; name a new or an empty folder"):
        fill(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_cars_of_another_source_are_refused(tmp_path, quick):
    (tmp_path / "car_007_mesh.mat").write_text("published")
    with pytest.raises(DataError, match="cars that this program did not draw"):
        fill(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["car_007_mesh.mat"]


def test_cars_of_another_seed_size_or_version_are_refused(tmp_path, quick, monkeypatch):
    fill(tmp_path)
    with pytest.raises(
        DataError, match="holds cars of version 1, seed 0, size 16, not of version 1, seed 1,"
    ):
        fill(tmp_path, seed=1)
    with pytest.raises(DataError, match="size 16, not of version 1, seed 0, size 32"):
        fill(tmp_path, size=32)
    monkeypatch.setattr(module, "VERSION", 2)
    with pytest.raises(DataError, match="not of version 2"):
        fill(tmp_path)


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"seed": 0}'])
def test_a_damaged_note_is_an_error_that_says_what_to_do(note, tmp_path, quick):
    fill(tmp_path, cars=1)
    (tmp_path / NOTE).write_text(note)
    with pytest.raises(DataError, match=r"stand-in\.json cannot be read; delete the folder"):
        fill(tmp_path)


def test_a_file_instead_of_a_folder_is_refused(tmp_path, quick):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match="is a file; name a folder"):
        fill(tmp_path / "file")
