"""Published checkpoints: a folder `<name>/<version>/` with `weights.safetensors` and `manifest.json`.

A checkpoint is written to a hidden folder and renamed into place, so readers never see half of one. No pickle
is ever loaded. The SHA-256 of the weights is the checkpoint's digest: galleries and caches name it.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from model.errors import UserError
from model.iiae import IIAE
from model.inference import Inference
from model.manifest import FORMAT, Manifest, from_json, to_json
from model.pictures import PREPROCESSING
from model.presets import QueryKind
from model.sketch.backbone.backbone import Backbone, backbone_for
from model.sketch.calibration import Calibration
from model.storage import sync_folder, write_bytes

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
NAME_RULE = "use lower-case letters, digits, '.', '_' and '-', at most 64"
MANIFEST, WEIGHTS = "manifest.json", "weights.safetensors"


class CheckpointError(UserError):
    """A checkpoint cannot be used; the text says why."""


def code_version() -> str:
    """Return the installed distribution's version, or "0" if it is not installed."""
    try:
        return installed_version("iiae")
    except PackageNotFoundError:
        return "0"


def publish(
    store: Path,
    name: str,
    iiae: IIAE,
    backbone: Backbone | None = None,
    *,
    trained_on: str,
    terms: str,
    command: str,
    seed: int,
    data_fingerprint: str,
    metrics: dict[str, float] | None = None,
    calibration: dict[QueryKind, Calibration] | None = None,
    held_out: tuple[str, ...] | None = None,
    half: bool = False,
) -> Path:
    """Add a version of `name` to the store and return its folder; `half` stores weights in half precision.

    Raises:
        CheckpointError: the name is not allowed.
    """
    if not NAME.fullmatch(name):
        raise CheckpointError(f"a checkpoint cannot be called {name!r}; {NAME_RULE}")
    weights = save_tensors(_state(iiae, backbone, half=half))
    now = datetime.now(UTC)
    digest = hashlib.sha256(weights).hexdigest()
    manifest = Manifest(
        name=name,
        version=f"{now:%Y%m%dT%H%M%S%f}Z-{digest[:8]}",
        preset=iiae.preset,
        trained_on=trained_on,
        terms=terms,
        command=command,
        seed=seed,
        data_fingerprint=data_fingerprint,
        weights_sha256=digest,
        code_version=code_version(),
        created=now.isoformat(timespec="seconds"),
        metrics=metrics or {},
        calibration=calibration or {},
        held_out=held_out,
    )
    folder = store / name / manifest.version
    hidden = store / f".{name}-{manifest.version}-{os.getpid()}"
    hidden.mkdir(parents=True)
    write_bytes(hidden / WEIGHTS, weights)
    write_bytes(hidden / MANIFEST, to_json(manifest))
    folder.parent.mkdir(exist_ok=True)
    hidden.replace(folder)
    sync_folder(folder.parent)
    return folder


def _state(iiae: IIAE, backbone: Backbone | None, *, half: bool) -> dict[str, Tensor]:
    """Return the tensors of `weights.safetensors`, named `iiae.*` and `backbone.*`."""
    modules: dict[str, nn.Module] = {"iiae": iiae} | ({} if backbone is None else {"backbone": backbone})
    state: dict[str, Tensor] = {}
    for prefix, module in modules.items():
        for key, tensor in module.state_dict().items():
            stored = tensor.detach().cpu().contiguous()
            state[f"{prefix}.{key}"] = stored.half() if half and stored.is_floating_point() else stored
    return state


def with_metrics(folder: Path, metrics: dict[str, float]) -> None:
    """Add figures to a checkpoint's manifest."""
    manifest = read_manifest(folder)
    _rewrite(folder, replace(manifest, metrics={**manifest.metrics, **metrics}))


def with_calibration(folder: Path, calibration: dict[QueryKind, Calibration]) -> None:
    """Replace the score calibration in a checkpoint's manifest."""
    _rewrite(folder, replace(read_manifest(folder), calibration=calibration))


def _rewrite(folder: Path, manifest: Manifest) -> None:
    write_bytes(folder / MANIFEST, to_json(manifest))


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
        CheckpointError: the manifest is missing, damaged, or of another format.
    """
    try:
        manifest = from_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise CheckpointError(f"{folder.name}: the manifest cannot be read ({_first_line(error)})") from error
    if manifest.format != FORMAT:
        raise CheckpointError(
            f"{folder.name}: made by another version of the code (format {manifest.format}, this is {FORMAT})"
            "; train it again"
        )
    if manifest.preprocessing != PREPROCESSING:
        raise CheckpointError(
            f"{folder.name}: trained with preprocessing {manifest.preprocessing}, this is {PREPROCESSING}; "
            "train it again"
        )
    return manifest


def load_parts(folder: Path) -> tuple[Manifest, IIAE, Backbone | None]:
    """Return a checkpoint's manifest and networks, on the CPU in float32.

    Raises:
        CheckpointError: a file is missing or damaged, or the weights do not match the manifest.
    """
    manifest = read_manifest(folder)
    try:
        weights = (folder / WEIGHTS).read_bytes()
    except OSError as error:
        raise CheckpointError(f"{folder.name}: the weights cannot be read ({_first_line(error)})") from error
    if hashlib.sha256(weights).hexdigest() != manifest.weights_sha256:
        raise CheckpointError(
            f"{folder.name}: the weights are not those of the manifest (their SHA-256 differs)"
        )
    iiae = IIAE(manifest.preset)
    sketch = manifest.preset.sketch
    backbone = None if sketch is None else backbone_for(sketch)
    try:
        state = load_tensors(weights)
        _fill(iiae, "iiae.", state)
        if backbone is not None:
            _fill(backbone, "backbone.", state)
    except Exception as error:  # safetensors and torch raise many kinds of errors for wrong weights
        raise CheckpointError(
            f"{folder.name}: the weights do not fit the networks ({_first_line(error)})"
        ) from error
    return manifest, iiae, backbone


def _fill(module: nn.Module, prefix: str, state: dict[str, Tensor]) -> None:
    """Load the tensors whose names start with `prefix`, in float32."""
    own = {key.removeprefix(prefix): tensor for key, tensor in state.items() if key.startswith(prefix)}
    module.load_state_dict(
        {key: tensor.float() if tensor.is_floating_point() else tensor for key, tensor in own.items()}
    )


def load(folder: Path, device: torch.device) -> Inference:
    """Return a checkpoint's model on a device, after checking the weights against the manifest.

    Raises:
        CheckpointError: a file is missing or damaged, or the weights do not match the manifest.
    """
    _, iiae, backbone = load_parts(folder)
    return Inference(iiae, backbone, device)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
