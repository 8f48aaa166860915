"""Only regular files are opened; nothing else blocks or is read."""

import os
import socket
from pathlib import Path

import pytest

from model.regular_file import open_regular, read_regular


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def link_to_fifo(path: Path) -> Path:
    path.symlink_to(fifo(path.with_name("fifo")))
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def unix_socket(path: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as bound:
        here = Path.cwd()
        os.chdir(path.parent)  # a socket's path has at most 107 bytes
        bound.bind(path.name)
        os.chdir(here)
    return path


def endless_device(path: Path) -> Path:
    path.symlink_to("/dev/zero")
    return path


@pytest.mark.timeout(10)  # opening a FIFO waits forever
@pytest.mark.parametrize("make", [fifo, link_to_fifo, folder, unix_socket, endless_device])
def test_anything_but_a_regular_file_is_refused_at_once(tmp_path, make):
    path = make(tmp_path / "file")
    with pytest.raises(OSError, match="not a regular file"):
        open_regular(path)
    with pytest.raises(OSError, match="not a regular file"):
        read_regular(path, limit=10)


@pytest.mark.timeout(10)
def test_a_file_that_becomes_a_fifo_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"text")
    regular = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(Path, "stat", lambda self: regular)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="not a regular file"):
        open_regular(path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_file_and_a_link_to_it_are_read(tmp_path):
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(b"text")
    link.symlink_to(path)
    assert read_regular(path) == read_regular(link, limit=4) == b"text"
    with open_regular(path) as file:
        assert file.read() == b"text"


def test_a_file_above_the_limit_is_refused(tmp_path):
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(2**40)  # takes no space on disk
    with pytest.raises(OSError, match="more than 1,000 bytes"):
        read_regular(path, limit=1000)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "file")
