"""Read the weights of a checkpoint. Names, shapes and sizes are checked before memory is taken for them."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from model.regular_file import open_regular
from model.tensor_file import check_tensors, read_header

WEIGHTS_BYTES = 2**34
"""Largest file that is read. Cars has 0.7 GB, and 10 GB at four times the paper's width."""


def read_weights(path: Path, expected: Mapping[str, Tensor], *, sha256: str) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file, on the CPU and in the types of the expected ones.

    Args:
        path: the file.
        expected: the state that networks need. Its tensors may be on torch's meta device.
        sha256: the digest that the file must have.

    Raises:
        OSError: the file is missing, not readable, or not a regular file.
        ValueError: the file is damaged, has another digest, or has other tensors than expected.
    """
    with open_regular(path) as file:
        try:
            header = read_header(file)
        except ValueError as error:
            raise ValueError(f"the weights are damaged ({error})") from error
        try:
            check_tensors(header.tensors, expected)
        except ValueError as error:
            raise ValueError(f"the weights do not fit the networks ({error})") from error
        if os.fstat(file.fileno()).st_size != header.file_bytes:
            raise ValueError("the weights are damaged (the file is longer or shorter than its header says)")
        if header.file_bytes > WEIGHTS_BYTES:
            raise ValueError(f"the weights are too large; at most {WEIGHTS_BYTES:,} bytes are read")
        file.seek(0)
        data = file.read(header.file_bytes)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError("the weights are not those of the manifest (their SHA-256 differs)")
    try:
        tensors = load(data)
    except SafetensorError as error:
        raise ValueError(f"the weights are damaged ({error})") from error
    del data
    # copies, because the tensors lie in the file's bytes, where nothing is aligned
    return {name: tensors.pop(name).to(wanted.dtype, copy=True) for name, wanted in expected.items()}
