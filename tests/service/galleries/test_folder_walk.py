"""Which files of a folder are found, and what is counted as left out."""

import os

import pytest

from service.galleries.folder_walk import (
    EXCLUDED,
    GALLERIES,
    HIDDEN,
    LINKED_TWICE,
    NOT_A_FILE,
    NOT_A_PICTURE,
    SYSTEM,
    walk,
)


def is_picture(path):
    return path.endswith(".jpg")


def make(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(path.encode())


def paths(found):
    return [file.path for file in found.files]


def test_files_have_their_size_time_and_label(tmp_path):
    make(tmp_path, "b/inner/two.jpg", "one.jpg")
    os.utime(tmp_path / "one.jpg", ns=(5, 1_234_567_891))
    deep, one = walk(tmp_path, is_picture).files
    assert (one.path, one.size, one.mtime, one.label) == ("one.jpg", 7, 1_234_567_891, None)
    assert (deep.path, deep.label) == ("b/inner/two.jpg", "inner")


def test_what_systems_make_is_left_out_and_counted(tmp_path):
    make(
        tmp_path,
        ".thumbnails/1.jpg",
        "a/.git/2.jpg",
        "a/@eaDir/3.jpg/SYNOPHOTO_THUMB_M.jpg",
        "__MACOSX/a/4.jpg",
        "a/._5.jpg",
        "a/Thumbs.db",
        "#recycle/6.jpg",
        "note.txt",
        "a/seen.jpg",
    )
    os.mkfifo(tmp_path / "pipe.jpg")
    found = walk(tmp_path, is_picture)
    assert paths(found) == ["a/seen.jpg"]
    assert found.skipped == {HIDDEN: 3, SYSTEM: 4, NOT_A_PICTURE: 1, NOT_A_FILE: 1}


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("private", ["a/1.jpg", "a/1_small.jpg", "a/b/2.jpg"]),
        ("private/", ["a/1.jpg", "a/1_small.jpg", "a/b/2.jpg"]),
        ("*_small.*", ["a/1.jpg", "a/b/2.jpg", "a/private/3.jpg"]),
        ("a/b", ["a/1.jpg", "a/1_small.jpg", "a/private/3.jpg"]),
        ("/a/1*", ["a/b/2.jpg", "a/private/3.jpg"]),
        ("b/2.jpg", ["a/1.jpg", "a/1_small.jpg", "a/b/2.jpg", "a/private/3.jpg"]),
    ],
)
def test_patterns_leave_out_names_or_paths(tmp_path, pattern, left):
    make(tmp_path, "a/1.jpg", "a/1_small.jpg", "a/b/2.jpg", "a/private/3.jpg")
    found = walk(tmp_path, is_picture, [pattern])
    assert paths(found) == left
    assert bool(found.skipped[EXCLUDED]) == (len(left) < 4)


@pytest.mark.timeout(30)
def test_linked_folders_are_followed_once_and_real_paths_come_first(tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    make(outside, "o.jpg")
    make(folder, "z/real.jpg")
    (folder / "a_link").symlink_to(folder / "z")
    (folder / "loop").symlink_to(folder)
    (folder / "z/up").symlink_to("..")
    (folder / "one").symlink_to(outside)
    (folder / "two").symlink_to(outside)
    (outside / "back").symlink_to(folder)
    found = walk(folder, is_picture)
    assert paths(found) == ["one/o.jpg", "z/real.jpg"]
    assert found.skipped == {LINKED_TWICE: 5}
    assert found.files[0].label == "one"


def test_what_cannot_be_read_is_named(tmp_path, monkeypatch):
    make(tmp_path, "a/1.jpg", "closed/2.jpg")
    (tmp_path / "dangling.jpg").symlink_to("nowhere")
    os.symlink("a", os.path.join(os.fsencode(tmp_path), b"caf\xe9"))
    scandir = os.scandir

    def refusing(path):  # the tests may run as root, whom permissions do not stop
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = walk(tmp_path, is_picture)
    assert paths(found) == ["a/1.jpg"]
    assert found.closed == ["caf\udce9", "dangling.jpg", "closed"]
    assert found.unreadable == [
        r"caf\xe9: the name of the file or of its folder is not UTF-8",
        "dangling.jpg: the link leads nowhere (No such file or directory)",
        "closed: the folder cannot be read (Permission denied)",
    ]


def test_the_folder_of_the_galleries_is_left_out(tmp_path):
    make(tmp_path, "1.jpg", "var/galleries/g/2.jpg")
    found = walk(tmp_path, is_picture, galleries=tmp_path / "var/galleries")
    assert (paths(found), found.skipped) == (["1.jpg"], {GALLERIES: 1})


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        walk(tmp_path / "nowhere", is_picture)
