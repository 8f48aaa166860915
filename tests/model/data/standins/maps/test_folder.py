"""The command that writes the stand-in for Maps: its form, repeatability, resumption, refusals."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.data.paired import open_paired
from model.data.pairs import DataError
from model.data.standins.maps.__main__ import main
from model.data.standins.maps.folder import make_pair, write_maps
from model.data.standins.maps.satellite.draw import draw_satellite
from model.data.standins.maps.street_map import draw_map
from model.data.standins.maps.town.build import build_town

COUNTS = {"train": 2, "val": 1}


def write(folder, size=32, seed=0, counts=COUNTS):
    return list(write_maps(folder, size=size, seed=seed, counts=counts))


def bytes_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.jpg")}


def difference(first, second):
    return np.abs(np.asarray(first, float) - np.asarray(second, float)).mean()


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept") / "made"
    write(folder)
    return folder


@pytest.fixture
def made(kept, tmp_path):
    """A copy of a small stand-in that a test may change."""
    return Path(shutil.copytree(kept, tmp_path / "made"))


def test_the_reader_of_maps_reads_it(made):
    """Satellite on the left, map on the right: the map is much paler."""
    splits = {split: open_paired(made, split, 32, ("satellite", "map")) for split in ("train", "val", "test")}
    assert {split: len(pairs) for split, pairs in splits.items()} == {"train": 1, "val": 1, "test": 1}
    assert not any(pairs.damaged for pairs in splits.values())
    satellite, street_map = splits["test"].pair(0, None)
    assert street_map.mean() > satellite.mean() + 0.4
    expected = make_pair(0, "val", 1, 32)
    found = (street_map.numpy().transpose(1, 2, 0) + 1) * 127.5
    assert difference(found, expected.crop((32, 0, 64, 32))) < 4  # JPEG loses a little


def test_the_same_command_gives_the_same_files(made, tmp_path):
    write(tmp_path / "again")
    assert bytes_of(made) == bytes_of(tmp_path / "again")
    assert sorted(bytes_of(made)) == ["train/1.jpg", "train/2.jpg", "val/1.jpg"]


@pytest.mark.parametrize("other", [(1, "train", 1), (0, "val", 1), (0, "train", 2)])
def test_another_seed_split_or_number_gives_another_town(other):
    first, second = make_pair(0, "train", 1, 32), make_pair(*other, 32)
    right = (32, 0, 64, 32)
    assert difference(first.crop(right), second.crop(right)) > 4


def test_an_interrupted_run_goes_on_where_it_stopped(made):
    before = bytes_of(made)
    (made / "train" / "2.jpg").unlink()
    (made / "train" / ".2.jpg.77").write_bytes(b"an interrupted write")
    (made / "val" / "1.jpg").write_bytes(b"kept")
    assert len(write(made, counts={"train": 3, "val": 1})) == 4
    after = bytes_of(made)
    assert after.pop("val/1.jpg") == b"kept"
    assert after.pop("train/3.jpg")
    assert after.items() == {name: data for name, data in before.items() if name != "val/1.jpg"}.items()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seed": 1}, "was made with"),
        ({"size": 48}, "was made with"),
        ({"counts": {"train": 1, "val": 1}}, "train/2.jpg"),
    ],
)
def test_pictures_of_another_command_are_not_mixed_in(made, settings, message):
    before = bytes_of(made)
    with pytest.raises(DataError, match=message):
        write(made, **settings)
    assert bytes_of(made) == before


def test_the_command_line_writes_the_pairs_and_shows_progress(tmp_path, capsys):
    folder = tmp_path / "deep" / "maps"
    main([str(folder), "--size", "40", "--seed", "7", "--train", "1", "--val", "2"])
    assert sorted(bytes_of(folder)) == ["train/1.jpg", "val/1.jpg", "val/2.jpg"]
    with Image.open(folder / "val" / "2.jpg") as picture:
        assert picture.size == (80, 40)
        assert difference(picture, make_pair(7, "val", 2, 40)) < 4
    assert "Making pairs" in capsys.readouterr().err


def test_both_halves_show_the_same_town():
    made = make_pair(3, "train", 5, 64)
    town_rng, satellite_rng, map_rng = (np.random.default_rng((3, 0, 5, part)) for part in range(3))
    town = build_town(town_rng)
    assert made.crop((0, 0, 64, 64)).tobytes() == draw_satellite(town, 64, satellite_rng).tobytes()
    assert made.crop((64, 0, 128, 64)).tobytes() == draw_map(town, 64, map_rng).tobytes()
