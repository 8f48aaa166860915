"""Files that are either wholly there or not at all, and tensors without pickles."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file, save
from torch import Tensor


def write_bytes(path: Path, data: bytes) -> None:
    """Writes beside, fsyncs, renames into place: after a crash the file is the old one or the new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes renames in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], note: Mapping[str, object]) -> None:
    """Tensors and a JSON-able note in one safetensors file."""
    owned = {
        name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()
    }  # shared ones are stored under both names
    write_bytes(path, save(owned, metadata={"note": json.dumps(note)}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, object]]:
    """What `write_tensors` wrote."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as opened:
        note: dict[str, object] = json.loads(opened.metadata()["note"])
    return load_file(path), note
