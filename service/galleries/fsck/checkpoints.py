"""Check the published checkpoints: their manifests, and the SHA-256 of their weights."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from model.checkpoint import WEIGHTS, CheckpointError, read_manifest
from model.regular_file import open_regular
from service.galleries.fsck.finding import Finding, Options
from service.galleries.fsck.readable import unreadable_folders


def check_checkpoints(store: Path, options: Options) -> Iterator[Finding]:
    """Yield a finding for each checkpoint of the store that cannot be loaded. None can be repaired."""
    yield from unreadable_folders(store, store.name)
    for folder in sorted(store.glob("[!.]*/[!.]*")):
        if not folder.is_dir() and not folder.is_symlink():
            continue
        if (problem := _problem(folder, options)) is not None:
            yield Finding(
                place=store.name,
                kind="checkpoint_damaged",
                detail=f"{folder.relative_to(store)}: {problem}; restore the folder or delete it",
            )


def _problem(folder: Path, options: Options) -> str | None:
    try:
        manifest = read_manifest(folder)
        if not (folder / WEIGHTS).is_file():
            return "the weights are missing"
        if options.quick:
            return None
        with open_regular(folder / WEIGHTS) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except CheckpointError as error:
        return str(error)
    except OSError as error:
        return f"the weights cannot be read ({error.strerror})"
    return None if digest == manifest.weights_sha256 else "the weights have changed (their SHA-256 differs)"
