"""The folders of published checkpoints, `<name>/<version>/`: their names and their manifests.

Nothing here imports torch, so that a program can list checkpoints at once.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from model import preprocessing
from model.errors import UserError
from model.manifest import FORMAT, MANIFEST_BYTES, Manifest, from_json
from model.regular_file import read_regular

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
NAME_RULE = "use lower-case letters, digits, '.', '_' and '-', at most 64"
MANIFEST, WEIGHTS = "manifest.json", "weights.safetensors"


class CheckpointError(UserError):
    """A checkpoint cannot be used; the text says why."""


def published(store: Path) -> Iterator[Path]:
    """Yield the folders of all published versions, sorted by name, the oldest version first."""
    for manifest in sorted(store.glob(f"[!.]*/[!.]*/{MANIFEST}")):
        yield manifest.parent


def released() -> Iterator[Path]:
    """Yield the folders of the checkpoints that ship inside the package."""
    for manifest in sorted((Path(__file__).parent / "pretrained").glob(f"[!.]*/{MANIFEST}")):
        yield manifest.parent


def find(store: Path, name: str) -> Path:
    """Return the newest version of `name` in the store, or the one in the package; `name` may be a folder.

    Raises:
        CheckpointError: neither the store nor the package has one.
    """
    if (Path(name) / MANIFEST).is_file():
        return Path(name)
    versions = [folder for folder in published(store) if folder.parent.name == name]
    shipped = [folder for folder in released() if folder.name == name]
    if not versions and not shipped:
        known = {folder.parent.name for folder in published(store)} | {folder.name for folder in released()}
        raise CheckpointError(
            f"there is no checkpoint {name!r} in {store} or in the package; "
            f"there are: {', '.join(sorted(known)) or 'none'}"
        )
    return (versions or shipped)[-1]


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a checkpoint's folder.

    Raises:
        CheckpointError: the manifest is missing, damaged, out of bounds, or of another format.
    """
    try:
        manifest = from_json(read_regular(folder / MANIFEST, limit=MANIFEST_BYTES))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder.name}: the manifest cannot be read ({reason_of(error)})") from error
    if manifest.format != FORMAT:
        raise CheckpointError(
            f"{folder.name}: made by another version of the code (format {manifest.format}, this is {FORMAT})"
            "; train it again"
        )
    if manifest.preprocessing != preprocessing.VERSION:
        raise CheckpointError(
            f"{folder.name}: trained with preprocessing {manifest.preprocessing}, "
            f"this is {preprocessing.VERSION}; train it again"
        )
    return manifest


def reason_of(error: OSError | ValueError) -> str:
    """Return what is wrong with a file, in at most 300 characters and without its path."""
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
    elif isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    else:
        reason = str(error)
    return reason[:300]
