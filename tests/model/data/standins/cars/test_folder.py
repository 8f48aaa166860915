"""Folders of drawn cars in the published form."""

import numpy as np
import pytest
from scipy.io import loadmat

from model.data.cars import PAIRS_PER_CAR, open_cars, read_car
from model.data.pairs import DataError
from model.data.standins.cars import folder as module
from model.data.standins.cars.__main__ import main
from model.data.standins.cars.build import build_car
from model.data.standins.cars.design import draw_design
from model.data.standins.cars.folder import fill_folder
from model.data.standins.cars.picture import draw_picture
from model.data.standins.folder import NOTE


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


def test_cars_of_another_seed_size_or_version_are_refused(tmp_path, quick, monkeypatch):
    fill(tmp_path)
    for changed in ({"seed": 1}, {"size": 32}):
        with pytest.raises(DataError, match="was made with"):
            fill(tmp_path, **changed)
    monkeypatch.setattr(module, "VERSION", 2)
    with pytest.raises(DataError, match="not with version 2"):
        fill(tmp_path)


def test_the_command_fills_the_folder_and_shows_its_progress(tmp_path, quick, capsys):
    main([str(tmp_path / "cars"), "--size", "16", "--cars", "2"])
    assert len(list((tmp_path / "cars").glob("car_*_mesh.mat"))) == 2
    assert "Making cars" in capsys.readouterr().err
