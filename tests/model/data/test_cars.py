"""Cars read from MATLAB files of the published form."""

import sys

import h5py
import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat

from model.data.cars import CARS, PAIRS_PER_CAR, open_cars, read_car
from model.data.pairs import DataError

DOMAINS = ("front", "turned")


def rng(seed=0):
    return np.random.default_rng(seed)


def write_car(path, seed):
    path.parent.mkdir(exist_ok=True)
    savemat(path, {"im": rng(seed).integers(0, 256, (16, 16, 3, 24, 4)).astype(np.uint8)})


def test_cars_pair_the_front_with_every_other_view_of_an_elevation(tmp_path):
    for number in (1, 2, 192):
        write_car(tmp_path / f"car_{number:03d}_mesh.mat", number)
    (tmp_path / "car_003_mesh.mat").write_bytes(b"damaged")
    train, test = (open_cars(tmp_path, split, 32, DOMAINS) for split in ("train", "test"))
    assert (len(train), len(test)) == (2 * PAIRS_PER_CAR, PAIRS_PER_CAR)
    assert [line.split()[0] for line in train.damaged] == ["car_003_mesh.mat"]
    assert "cannot be read as a MATLAB file" in train.damaged[0]
    fronts = [train.pair(index, None)[0] for index in range(23)]
    assert all(torch.equal(front, fronts[0]) for front in fronts)
    assert not torch.equal(train.pair(23, None)[0], fronts[0])
    assert [train.label(index) for index in (0, 22, 23, PAIRS_PER_CAR)] == [0, 0, 1, 4]
    pictures = rng(1).integers(0, 256, (16, 16, 3, 24, 4)).astype(np.uint8)
    expected = Image.fromarray(np.ascontiguousarray(pictures[..., 5, 2])).resize(
        (32, 32), Image.Resampling.BICUBIC
    )
    y = train.pair(2 * 23 + 4, None)[1]
    np.testing.assert_allclose(((y.numpy() + 1) * 127.5).transpose(1, 2, 0), np.asarray(expected), atol=0.01)


def test_the_validation_cars_are_held_out_of_the_training_cars(tmp_path):
    for number in (1, 175, 176, 191, 192, 199):
        write_car(tmp_path / f"car_{number:03d}_mesh.mat", number)
    cars = {split: open_cars(tmp_path, split, 32, DOMAINS) for split in ("train", "val", "test")}
    assert {split: len(pairs) for split, pairs in cars.items()} == dict.fromkeys(cars, 2 * PAIRS_PER_CAR)
    assert len({pairs.fingerprint for pairs in cars.values()}) == 3
    numbers = [number for split in ("train", "val", "test") for number in CARS[split]]
    assert numbers == list(range(1, 200))
    assert len(CARS["val"]) == 16


def test_a_split_without_cars_is_an_error_that_names_the_ranges(tmp_path):
    write_car(tmp_path / "car_001_mesh.mat", 1)
    with pytest.raises(DataError, match=r"of val \(train 1-175, val 176-191, test 192-199\)"):
        open_cars(tmp_path, "val", 32, DOMAINS)


def test_a_folder_of_only_damaged_cars_is_an_error(tmp_path):
    (tmp_path / "car_001_mesh.mat").write_bytes(b"damaged")
    with pytest.raises(DataError, match="none of the 1 cars of train"):
        open_cars(tmp_path, "train", 32, DOMAINS)


def test_files_of_matlab_7_3_are_read_as_those_of_version_5(tmp_path, monkeypatch):
    """They are HDF5 files after a block of 512 bytes, with their axes from the last to the first."""
    write_car(tmp_path / "old" / "car_001_mesh.mat", 1)
    new = tmp_path / "new" / "car_001_mesh.mat"
    new.parent.mkdir()
    pictures = rng(1).integers(0, 256, (16, 16, 3, 24, 4)).astype(np.uint8)
    with h5py.File(new, "w", userblock_size=512) as file:
        file["im"] = pictures.transpose()
    with new.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64")
    np.testing.assert_array_equal(read_car(new, 32), read_car(tmp_path / "old" / new.name, 32))
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(DataError, match="pip install h5py"):
        read_car(new, 32)
