"""Atomic writes, and tensors with a note in one file."""

import pytest
import torch

from model import storage
from model.storage import read_tensors, write_bytes, write_tensors


def test_tensors_and_their_note_survive_a_round_trip(tmp_path):
    shared = torch.arange(6.0)
    tensors = {"a": shared, "view": shared[2:4], "b": torch.ones(2, 3).T, "n": torch.tensor(7)}
    write_tensors(tmp_path / "some", tensors, {"step": 3, "best": {"x": 0.5}})
    read, note = read_tensors(tmp_path / "some")
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[name], tensors[name]) for name in tensors)
    assert note == {"step": 3, "best": {"x": 0.5}}


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def fail(descriptor):
        raise OSError("disk full")

    monkeypatch.setattr(storage.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"


def test_a_write_replaces_the_file_and_leaves_no_other(tmp_path):
    path = tmp_path / "file"
    write_bytes(path, b"old")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
