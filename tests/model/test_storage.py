"""Atomic writes, and tensors with a note in one file."""

import errno
import os

import pytest
import torch
from safetensors.torch import save

from model import storage
from model.storage import FileDamaged, read_tensors, write_bytes, write_tensors


def test_tensors_and_their_note_survive_a_round_trip(tmp_path):
    shared = torch.arange(6.0)
    tensors = {"a": shared, "view": shared[2:4], "b": torch.ones(2, 3).T, "n": torch.tensor(7)}
    write_tensors(tmp_path / "some", tensors, {"step": 3, "best": {"x": 0.5}})
    read, note = read_tensors(tmp_path / "some")
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[name], tensors[name]) for name in tensors)
    assert note == {"step": 3, "best": {"x": 0.5}}


def test_no_damage_of_a_file_of_tensors_goes_unnoticed(tmp_path):
    path = tmp_path / "some"
    write_tensors(path, {"a": torch.arange(3.0), "n": torch.tensor(7)}, {"step": 3})
    intact = path.read_bytes()
    for place in range(len(intact)):
        path.write_bytes(intact[:place] + bytes([intact[place] ^ 1]) + intact[place + 1 :])
        if b'"sha256"' in path.read_bytes():  # without this key, it is a file from before the checksum
            with pytest.raises(FileDamaged, match="cannot be read"):
                read_tensors(path)


def test_tensors_from_before_the_checksum_are_read(tmp_path):
    (tmp_path / "old").write_bytes(save({"a": torch.ones(2)}, metadata={"note": '{"step": 3}'}))
    tensors, note = read_tensors(tmp_path / "old")
    assert (tensors["a"].tolist(), note) == ([1, 1], {"step": 3})


@pytest.mark.timeout(10)  # opening a FIFO waits forever
def test_a_fifo_instead_of_tensors_is_refused(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(FileDamaged, match="not a regular file"):
        read_tensors(tmp_path / "fifo")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def fail(descriptor):
        raise OSError(errno.ENOSPC, "disk full")

    monkeypatch.setattr(storage.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full") as failed:
        write_bytes(path, b"new")
    assert failed.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_replaces_the_file_and_leaves_no_other(tmp_path):
    path = tmp_path / "file"
    write_bytes(path, b"old")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
