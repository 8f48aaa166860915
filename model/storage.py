"""Atomic writes of files, and tensors without pickles."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file, save
from torch import Tensor


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically: after a crash, the old or the new file is there, never half of one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


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
    write_bytes(path, save(copies, metadata={"note": json.dumps(note)}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, object]]:
    """Return the tensors and the note that `write_tensors` wrote."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as opened:
        note: dict[str, object] = json.loads(opened.metadata()["note"])
    return load_file(path), note
