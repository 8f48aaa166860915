"""Doodles in the published form and in folders of pictures."""

import os

import numpy as np
import pytest
from PIL import Image

from model.data.pairs import DataError
from model.data.quickdraw import read_bitmaps, read_quickdraw


def bitmaps(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 784), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    np.save(tmp_path / "cat.npy", bitmaps(5))
    np.save(tmp_path / "full_numpy_bitmap_motorbike.npy", bitmaps(3, 1).reshape(3, 28, 28))
    (tmp_path / "owl").mkdir()
    Image.new("L", (40, 30), 200).save(tmp_path / "owl" / "1.png")
    (tmp_path / "owl" / "2.png").write_bytes(b"broken")
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    return tmp_path


def test_bitmaps_and_pictures_are_read_as_black_on_white(folder):
    files = read_quickdraw(folder)
    assert files.classes == ("cat", "motorbike", "owl")
    drawn = list(files.drawings(80, 0))
    assert [label for _, label in drawn] == ["cat"] * 5 + ["motorbike"] * 3 + ["owl"]
    np.testing.assert_array_equal(np.asarray(drawn[0][0]), 255 - bitmaps(5)[0].reshape(28, 28))
    np.testing.assert_array_equal(np.asarray(drawn[5][0]), 255 - bitmaps(3, 1)[0].reshape(28, 28))
    assert drawn[8][0].size == (40, 30)


def test_a_class_with_many_doodles_gives_a_reproducible_choice(folder):
    files = read_quickdraw(folder)
    first, again, other = (
        [drawing.tobytes() for drawing, label in files.drawings(2, seed) if label == "cat"]
        for seed in (0, 0, 1)
    )
    assert len(first) == 2
    assert first == again != other


def test_hidden_classes_and_their_synonyms_are_left_out(folder):
    files = read_quickdraw(folder)
    assert files.without(["motorcycle", "owl"]).classes == ("cat",)
    assert files.without([]) == files
    assert files.fingerprint != files.without(["owl"]).fingerprint


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 784), np.float32),
        np.zeros((2, 783), np.uint8),
        np.zeros((2, 28, 27), np.uint8),
        np.zeros(784, np.uint8),
        np.array([{"a": 1}], dtype=object),
    ],
)
def test_other_arrays_are_refused(tmp_path, array):
    np.save(tmp_path / "cat.npy", array, allow_pickle=True)
    with pytest.raises(DataError, match=r"cat\.npy"):
        read_bitmaps(tmp_path / "cat.npy", 80, np.random.default_rng(0))


@pytest.mark.timeout(60)  # opening a FIFO waits forever
def test_a_fifo_and_a_damaged_file_are_refused(tmp_path):
    os.mkfifo(tmp_path / "cat.npy")
    (tmp_path / "owl.npy").write_bytes(b"no array")
    for name in ("cat", "owl"):
        with pytest.raises(DataError, match="cannot be read"):
            read_bitmaps(tmp_path / f"{name}.npy", 80, np.random.default_rng(0))


def test_a_folder_without_doodles_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"looked for <class>\.npy"):
        read_quickdraw(tmp_path)
    with pytest.raises(DataError, match=r"looked for <class>\.npy.*there is no such folder"):
        read_quickdraw(tmp_path / "missing")


def test_only_listed_files_are_opened(folder, monkeypatch):
    opened: list[str] = []
    monkeypatch.setattr(
        "model.data.quickdraw.open_regular", lambda path: opened.append(path.name) or path.open("rb")
    )
    list(read_quickdraw(folder).without(["motorcycle"]).drawings(80, 0))
    assert opened == ["cat.npy"]
