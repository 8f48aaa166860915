"""Files are written whole or not at all."""

import os
import re
import time
from contextlib import suppress

import pytest

from service.galleries.own_names import temporary
from service.galleries.whole_file import (
    STALE_SECONDS,
    remove_stale,
    sync_file_system,
    write_whole,
    writing_whole,
)


def test_a_file_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old ", b"file", durable=True)

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="No space left"):
            write_whole(path, b"new", durable=True)
    assert path.read_bytes() == b"old file"
    assert list(tmp_path.iterdir()) == [path]


def test_only_old_temporary_files_are_removed(tmp_path):
    old, young, other = tmp_path / ".a.1.1", tmp_path / ".b.1.1", tmp_path / ".other"
    for path in (old, young, other):
        path.touch()
    for path in (old, other):
        os.utime(path, (time.time() - 2 * STALE_SECONDS,) * 2)
    names = temporary(re.compile("a|b"))
    remove_stale(tmp_path, names)
    remove_stale(tmp_path / "missing", names)
    assert sorted(tmp_path.iterdir()) == [young, other]


def test_a_file_that_is_written_in_pieces_appears_at_the_end_of_the_block(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with writing_whole(path, durable=True) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    with suppress(KeyboardInterrupt), writing_whole(path, durable=True) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"new" and list(tmp_path.iterdir()) == [path]


def test_a_file_system_is_synced(tmp_path, monkeypatch):
    sync_file_system(tmp_path)
    monkeypatch.setattr("os.open", lambda *_: -1)  # as a disk that fails
    monkeypatch.setattr("os.close", lambda _: None)
    with pytest.raises(OSError, match="Bad file descriptor"):
        sync_file_system(tmp_path)
