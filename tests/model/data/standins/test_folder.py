"""Folders of stand-ins: what they may have, and what a repeated command accepts."""

import json

import pytest

from model.data.pairs import DataError
from model.data.standins.folder import NOTE, prepare

SETTINGS = {"version": 1, "seed": 0, "size": 16}
OWN = ("1.jpg", "train/1.jpg")


def start(folder, own=OWN, **changed):
    prepare(folder, "Some", SETTINGS | changed, own)


def files_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_note_says_that_it_is_a_stand_in_and_how_it_was_made(tmp_path):
    start(tmp_path / "new" / "folder")
    note = json.loads((tmp_path / "new" / "folder" / NOTE).read_text())
    assert note == {"stand-in for": "Some", **SETTINGS}


def test_a_repeated_command_finds_its_own_files_and_those_of_an_interrupted_writing(tmp_path):
    start(tmp_path)
    (tmp_path / "train").mkdir()
    for name in ("1.jpg", "train/1.jpg", "train/.1.jpg.77"):
        (tmp_path / name).write_bytes(b"made")
    start(tmp_path)


@pytest.mark.parametrize(
    "name", ["mine.txt", "train/2.jpg", "1.jpg.txt", ".git", ".mine.txt.5", "test/1.jpg"]
)
@pytest.mark.parametrize("started", [True, False])
def test_a_folder_with_other_files_is_refused(tmp_path, name, started):
    if started:
        start(tmp_path)
    before = files_in(tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(DataError, match="which this command does not write; name a new or an empty folder"):
        start(tmp_path)
    assert files_in(tmp_path) == sorted([*before, name])


def test_files_of_another_source_are_refused(tmp_path):
    (tmp_path / "1.jpg").write_text("published")
    with pytest.raises(DataError, match="files that this program did not make"):
        start(tmp_path)
    assert files_in(tmp_path) == ["1.jpg"]


@pytest.mark.parametrize("changed", [{"seed": 1}, {"size": 32}, {"version": 2}])
def test_files_of_other_settings_are_refused(tmp_path, changed):
    start(tmp_path)
    with pytest.raises(DataError, match="made with version 1, seed 0, size 16, not with version"):
        start(tmp_path, **changed)


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"seed": 0}'])
def test_a_damaged_note_is_an_error_that_says_what_to_do(note, tmp_path):
    start(tmp_path)
    (tmp_path / NOTE).write_text(note)
    with pytest.raises(DataError, match=r"stand-in\.json cannot be read; delete the folder"):
        start(tmp_path)


def test_a_file_instead_of_a_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match="is a file; name a folder"):
        start(tmp_path / "file")
