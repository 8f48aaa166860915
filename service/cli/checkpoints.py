"""Load one checkpoint as a `Model`, without a registry."""

from contextlib import suppress
from pathlib import Path

from model.checkpoint import CheckpointError, find, load_with_manifest, published, read_manifest, released
from service.inference.device import select_device
from service.registry.model import Model


def store_of(home: Path) -> Path:
    """Return the folder with the published checkpoints."""
    return home / "checkpoints"


def load_model(home: Path, name: str, device: str) -> Model:
    """Load the newest checkpoint of a name, or the checkpoint of a folder.

    Raises:
        CheckpointError: there is no such checkpoint, or it is broken.
        DeviceUnavailable.
    """
    folder = find(store_of(home), name)
    manifest, inference = load_with_manifest(folder, select_device(device))
    return Model(
        id=manifest.name,
        version=manifest.version,
        digest=manifest.weights_sha256,
        manifest=manifest,
        inference=inference,
    )


def newest_digests(home: Path) -> dict[str, str]:
    """Return the digest of the newest checkpoint of each name, by name, without loading its weights."""
    names = {folder.parent.name for folder in published(store_of(home))}
    names |= {folder.name for folder in released()}
    digests = {}
    for name in sorted(names):
        with suppress(CheckpointError):  # a broken checkpoint cannot search
            digests[name] = read_manifest(find(store_of(home), name)).weights_sha256
    return digests
