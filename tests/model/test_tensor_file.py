"""The header of safetensors files against the library that writes them, and damaged headers."""

import json
from io import BytesIO

import pytest
import torch
from safetensors.torch import save

from model.tensor_file import check_tensors, read_header

TENSORS = {"a": torch.ones(2, 3), "b": torch.ones(4).half(), "n": torch.tensor(7), "empty": torch.ones(0, 5)}


def with_header(header: object, data: bytes = b"") -> BytesIO:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return BytesIO(len(text).to_bytes(8, "little") + text + data)


def test_the_header_is_what_the_library_wrote():
    data = save(TENSORS, metadata={"note": "x"})
    header = read_header(BytesIO(data))
    assert {name: entry.shape for name, entry in header.tensors.items()} == {
        name: tuple(tensor.shape) for name, tensor in TENSORS.items()
    }
    assert {name: entry.dtype for name, entry in header.tensors.items()} == {
        "a": "F32",
        "b": "F16",
        "n": "I64",
        "empty": "F32",
    }
    assert header.metadata == {"note": "x"}
    assert header.file_bytes == len(data)


def entry(**changes: object) -> dict[str, object]:
    return {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changes}


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (b"", "cannot be read"),
        (b"{", "cannot be read"),
        (b"[1]", "cannot be read"),
        (b'{"a":' * 50_000, "cannot be read"),
        (entry(dtype="F31"), "cannot be read"),
        (entry(shape=[-2]), "cannot be read"),
        (entry(shape=[10**30]), "contradicts"),
        (entry(shape=[1] * 1000), "cannot be read"),
        (entry(shape=[3]), "contradicts"),
        (entry(data_offsets=[8, 16]), "contradicts"),
        (entry(data_offsets=[0, 2**70]), "contradicts"),
        (entry() | {"b": entry()["a"]}, "contradicts"),
        (entry() | {"__metadata__": {"a": 1}}, "cannot be read"),
    ],
)
def test_damaged_headers_are_refused(header, says):
    with pytest.raises(ValueError, match=says):
        read_header(with_header(header))


@pytest.mark.parametrize("length", [2**20 + 1, 2**63, 2**64 - 1])
def test_a_header_that_is_too_long_is_not_read(length):
    with pytest.raises(ValueError, match="more than"):
        read_header(BytesIO(length.to_bytes(8, "little") + b"{}"))


def test_a_header_that_is_cut_off_is_refused():
    with pytest.raises(ValueError, match="cut off"):
        read_header(BytesIO((100).to_bytes(8, "little") + b"{}"))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"b": None}, "b, is unknown"),
        ({"c": torch.ones(1)}, "c, is missing"),
        ({"a": torch.ones(3, 2)}, r"shape \(2, 3\) instead of \(3, 2\)"),
        ({"n": torch.ones(())}, "type I64"),
        ({"a": torch.ones(2, 3).long()}, "type F32"),
    ],
)
def test_tensors_that_differ_from_the_expected_are_named(changes, says):
    tensors = read_header(BytesIO(save(TENSORS))).tensors
    check_tensors(tensors, TENSORS)
    expected = {name: tensor for name, tensor in (TENSORS | changes).items() if tensor is not None}
    with pytest.raises(ValueError, match=says):
        check_tensors(tensors, expected)
