"""Atomic writes of files, and tensors without pickles."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from model.errors import UserError
from model.regular_file import read_regular
from model.tensor_file import read_header


class FileDamaged(UserError):
    """A file that this program wrote cannot be read any more; the text says which and why."""


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically: after a crash, the old or the new file is there, never half of one.

    Raises:
        OSError: the disk is full or refuses to write. The error names the file; no other file is left.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):  # the first error says more
            beside.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error  # `write` does not name its file


def sync_folder(folder: Path) -> None:
    """Flush a folder's renames to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], note: Mapping[str, object]) -> None:
    """Write tensors and a note, which must be JSON-serialisable, to one safetensors file, atomically."""
    # safetensors refuses tensors that share memory, so each is copied
    copies = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    text = json.dumps(note)
    write_bytes(path, save(copies, metadata={"note": text, "sha256": _digest(copies, text)}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, object]]:
    """Return the tensors and the note that `write_tensors` wrote.

    Raises:
        FileDamaged: the file is missing, damaged, or not a regular file.
    """
    try:
        data = read_regular(path)
        metadata = read_header(BytesIO(data)).metadata
        tensors, text = load(data), metadata["note"]
        digest = _digest(tensors, text)
        if metadata.get("sha256", digest) != digest:  # older files have none
            raise ValueError("its values do not match its checksum")
        note: dict[str, object] = json.loads(text)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise FileDamaged(f"{path} cannot be read: {reason}; delete it and start again") from error
    return tensors, note


def _digest(tensors: Mapping[str, Tensor], note: str) -> str:
    """Return SHA-256 over the note and over each tensor's name, type, shape and values."""
    digest = hashlib.sha256(note.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"\0{name} {tensor.dtype} {tuple(tensor.shape)}\0".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
