"""The header of a safetensors file: the names, types and shapes of its tensors, without their values.

A file is 8 bytes with the header's length, the header in JSON, and the values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from math import prod
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError
from torch import Tensor

HEADER_BYTES = 2**20
"""Largest header that is read. The largest of the shipped checkpoints has 47 kB."""
LENGTH_BYTES = 8
METADATA = "__metadata__"

Count = Annotated[int, Field(ge=0)]
FLOATS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
"""Bytes of a value, by the format's names of floating-point types."""
INTEGERS = {"I64": 8, "I32": 4}


@dataclass(frozen=True)
class TensorEntry:
    """A tensor's entry in the header; `data_offsets` are the positions of its values in the file's data."""

    dtype: Literal["F64", "F32", "F16", "BF16", "I64", "I32"]
    shape: Annotated[tuple[Count, ...], Field(max_length=8)]
    data_offsets: tuple[Count, Count]

    @property
    def bytes(self) -> int:
        """The size of the tensor's values."""
        return prod(self.shape) * (FLOATS | INTEGERS)[self.dtype]


@dataclass(frozen=True)
class TensorHeader:
    """The header of a file, and the number of bytes that the whole file must have."""

    tensors: dict[str, TensorEntry]
    metadata: dict[str, str]
    file_bytes: int


_ENTRIES = TypeAdapter(dict[str, TensorEntry])
_METADATA = TypeAdapter(dict[str, str])
_DOCUMENT = TypeAdapter(dict[str, dict[str, object]])


def read_header(file: BufferedReader | BytesIO) -> TensorHeader:
    """Return the header of a safetensors file that is open at its start.

    Raises:
        ValueError: the header is damaged or too large, or sizes and positions contradict each other.
    """
    length = int.from_bytes(file.read(LENGTH_BYTES), "little")
    if length > HEADER_BYTES:
        raise ValueError(f"it is not a safetensors file, or its header has more than {HEADER_BYTES:,} bytes")
    text = file.read(length)
    if len(text) < length:
        raise ValueError("its header is cut off")
    try:
        document = _DOCUMENT.validate_json(text)
        metadata = _METADATA.validate_python(document.pop(METADATA, {}))
        tensors = _ENTRIES.validate_python(document)
    except ValidationError as error:
        raise ValueError("its header cannot be read") from error
    end = 0
    for entry in sorted(tensors.values(), key=lambda entry: entry.data_offsets):
        if entry.data_offsets != (end, end + entry.bytes):
            raise ValueError("its header contradicts itself")
        end += entry.bytes
    return TensorHeader(tensors, metadata, LENGTH_BYTES + length + end)


def check_tensors(tensors: Mapping[str, TensorEntry], expected: Mapping[str, Tensor]) -> None:
    """Compare a header with the tensors that networks need. Those may be on torch's meta device.

    Raises:
        ValueError: a tensor is missing or unknown, or has another shape or kind of number.
    """
    if differing := sorted(tensors.keys() ^ expected.keys()):
        state = "is missing" if differing[0] in expected else "is unknown"
        raise ValueError(f"{len(differing)} tensors differ; the first, {differing[0][:80]}, {state}")
    for name, wanted in expected.items():
        entry = tensors[name]
        if entry.shape != tuple(wanted.shape):
            raise ValueError(f"{name} has the shape {entry.shape} instead of {tuple(wanted.shape)}")
        if (entry.dtype in FLOATS) != wanted.is_floating_point():
            raise ValueError(f"{name} has numbers of type {entry.dtype}")
