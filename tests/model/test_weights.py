"""Weights are read only if names, shapes, size and digest are as expected."""

import hashlib
import os

import pytest
import torch
from safetensors.torch import save

from model import weights
from model.weights import read_weights

EXPECTED = {"a": torch.empty(2, 3, device="meta"), "n": torch.empty((), dtype=torch.long, device="meta")}
DATA = save({"a": torch.arange(6.0).reshape(2, 3).half(), "n": torch.tensor(7)})
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(DATA)
    return path


def test_tensors_come_in_the_expected_types(path):
    read = read_weights(path, EXPECTED, sha256=SHA256)
    assert torch.equal(read["a"], torch.arange(6.0).reshape(2, 3))
    assert (read["a"].dtype, read["n"].item()) == (torch.float32, 7)


def test_other_shapes_are_refused_before_the_values_are_read(path):
    os.truncate(path, len(DATA) + 2**40)  # takes no space on disk
    with pytest.raises(ValueError, match="do not fit"):
        read_weights(path, {**EXPECTED, "a": torch.empty(10**6, 10**6, device="meta")}, sha256=SHA256)


@pytest.mark.parametrize("change", [2**40, -1])
def test_a_file_of_another_size_than_its_header_says_is_not_read(path, change):
    os.truncate(path, len(DATA) + change)
    with pytest.raises(ValueError, match="longer or shorter"):
        read_weights(path, EXPECTED, sha256=SHA256)


def test_another_digest_is_refused(path):
    with pytest.raises(ValueError, match="SHA-256"):
        read_weights(path, EXPECTED, sha256="0" * 64)


def test_a_file_that_is_too_large_is_not_read(path, monkeypatch):
    monkeypatch.setattr(weights, "WEIGHTS_BYTES", len(DATA) - 1)
    with pytest.raises(ValueError, match="too large"):
        read_weights(path, EXPECTED, sha256=SHA256)


def test_other_content_is_refused(path):
    path.write_bytes(b"not tensors")
    with pytest.raises(ValueError, match="damaged"):
        read_weights(path, EXPECTED, sha256=SHA256)
