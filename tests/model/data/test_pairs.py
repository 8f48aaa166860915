"""Sorting of file names, descriptions of folders, fingerprints."""

import pytest
from picture_files import NOISE, saved
from PIL import Image

from model.data.pairs import by_number, describe_folder, fingerprint_of, pictures_in
from model.images.decode import read_picture


def test_numbers_in_names_sort_by_value(tmp_path):
    names = ["a10.jpg", "a2.jpg", "10.jpg", "2.jpg", "b.jpg"]
    ordered = sorted((tmp_path / name for name in names), key=by_number)
    assert [path.name for path in ordered] == ["2.jpg", "10.jpg", "a2.jpg", "a10.jpg", "b.jpg"]


def test_only_picture_files_are_listed(tmp_path):
    for name in ("2.PNG", "1.jpg"):
        Image.new("RGB", (1, 1)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("")
    assert [path.name for path in pictures_in(tmp_path)] == ["1.jpg", "2.PNG"]


def test_folders_are_described(tmp_path):
    assert describe_folder(tmp_path / "nowhere") == "there is no such folder"
    assert describe_folder(tmp_path) == "it is empty"
    (tmp_path / "train").mkdir()
    for number in range(6):
        (tmp_path / f"{number}.txt").write_text("")
    assert describe_folder(tmp_path / "0.txt") == "it is a file"
    assert describe_folder(tmp_path) == "it holds 0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 2 more"


@pytest.mark.parametrize("other", [["a", "c"], ["b", "a"], ["ab"], ["a", "b", ""]])
def test_fingerprints_depend_on_every_part_and_their_order(other):
    assert fingerprint_of(["a", "b"]) == fingerprint_of(iter(["a", "b"]))
    assert fingerprint_of(["a", "b"]) != fingerprint_of(other)


def test_pictures_are_recognised_by_their_first_bytes(tmp_path):
    for name, kind in {"2.heic": "HEIF", "10": "JPEG", "1.tif": "TIFF", "._1.jpg": "JPEG"}.items():
        (tmp_path / name).write_bytes(saved(NOISE, kind))
    (tmp_path / "list.txt").write_text("1.tif")
    found = pictures_in(tmp_path)
    assert [path.name for path in found] == ["1.tif", "2.heic", "10"]
    assert {read_picture(path).size for path in found} == {NOISE.size}
