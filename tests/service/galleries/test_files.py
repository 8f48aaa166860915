"""The files of photos: written once, whole, and never in the folder of a deleted gallery."""

import os

import pytest

from service.galleries.files import PhotoFiles

SHA256 = "ab" * 32


def test_files_are_written_whole_and_removed(tmp_path):
    files = PhotoFiles(tmp_path)
    files.write(SHA256, b"small", b"picture")
    assert files.picture(SHA256).read_bytes() == b"picture"
    assert files.thumbnail(SHA256).read_bytes() == b"small"
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [SHA256, f"{SHA256}.webp"]
    files.remove(SHA256)
    files.remove(SHA256)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_files_with_the_right_contents_are_not_written_again(tmp_path):
    files = PhotoFiles(tmp_path)
    files.write(SHA256, b"small", None)
    assert not files.picture(SHA256).exists()
    files.write(SHA256, b"small", b"picture")
    before = [path(SHA256).stat().st_ino for path in (files.picture, files.thumbnail)]
    files.write(SHA256, b"small", b"picture")
    assert before == [path(SHA256).stat().st_ino for path in (files.picture, files.thumbnail)]


@pytest.mark.parametrize("damaged", [b"", b"pict", b"Picture", b"picture and more"])
def test_damaged_files_are_written_again(tmp_path, damaged):
    files = PhotoFiles(tmp_path)
    files.write(SHA256, b"small", b"picture")
    for path in (files.picture(SHA256), files.thumbnail(SHA256)):
        path.write_bytes(damaged)
    files.write(SHA256, b"small", b"picture")
    assert files.picture(SHA256).read_bytes() == b"picture"
    assert files.thumbnail(SHA256).read_bytes() == b"small"


@pytest.mark.timeout(10)  # opening a FIFO waits forever
def test_a_fifo_of_a_files_name_is_replaced(tmp_path):
    files = PhotoFiles(tmp_path)
    files.picture(SHA256).parent.mkdir(parents=True)
    os.mkfifo(files.picture(SHA256))
    files.write(SHA256, b"small", b"picture")
    assert files.picture(SHA256).read_bytes() == b"picture"


def test_the_folder_of_a_deleted_gallery_is_not_created_again(tmp_path):
    with pytest.raises(FileNotFoundError):
        PhotoFiles(tmp_path / "deleted").write(SHA256, b"small", b"picture")
    assert not (tmp_path / "deleted").exists()
