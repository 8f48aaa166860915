"""Published checkpoints: a folder `<name>/<version>/` with `weights.safetensors` and `manifest.json`.

A checkpoint is written to a hidden folder and renamed into place, so readers never see half of one. No pickle
is ever loaded. The SHA-256 of the weights is the checkpoint's digest: galleries and caches name it. The
manifest names this digest, so it covers the weights, and a checksum in the manifest covers the manifest.
"""

import hashlib
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from math import isfinite
from pathlib import Path

import torch
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from model.baselines.systems import translator_of
from model.baselines.translator import Translator
from model.checkpoint_folder import MANIFEST as MANIFEST
from model.checkpoint_folder import NAME as NAME
from model.checkpoint_folder import NAME_RULE as NAME_RULE
from model.checkpoint_folder import WEIGHTS as WEIGHTS
from model.checkpoint_folder import CheckpointError as CheckpointError
from model.checkpoint_folder import find as find
from model.checkpoint_folder import published as published
from model.checkpoint_folder import read_manifest as read_manifest
from model.checkpoint_folder import reason_of
from model.checkpoint_folder import released as released
from model.iiae import IIAE
from model.iiae_inference import IIAEInference
from model.inference import Inference
from model.manifest import Manifest, to_json
from model.presets import QueryKind
from model.sketch.backbone.backbone import Backbone, backbone_for
from model.sketch.calibration import Calibration
from model.storage import sync_folder, write_bytes
from model.translator_inference import TranslatorInference
from model.weights import read_weights


def code_version() -> str:
    """Return the installed distribution's version, or "0" if it is not installed."""
    try:
        return installed_version("iiae")
    except PackageNotFoundError:
        return "0"


def publish(
    store: Path,
    name: str,
    trained: IIAE | Translator,
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
        OSError: the disk is full or refuses to write. Nothing is left in the store.
    """
    if not NAME.fullmatch(name):
        raise CheckpointError(f"a checkpoint cannot be called {name!r}; {NAME_RULE}")
    weights = save_tensors(_state(_modules(trained, backbone), half=half))
    now = datetime.now(UTC)
    digest = hashlib.sha256(weights).hexdigest()
    manifest = Manifest(
        name=name,
        version=f"{now:%Y%m%dT%H%M%S%f}Z-{digest[:8]}",
        preset=trained.preset,
        trained_on=trained_on,
        terms=terms,
        command=command,
        seed=seed,
        data_fingerprint=data_fingerprint,
        weights_sha256=digest,
        code_version=code_version(),
        created=now.isoformat(timespec="seconds"),
        metrics=_finite(metrics or {}),
        calibration=calibration or {},
        held_out=held_out,
    )
    folder = store / name / manifest.version
    hidden = store / f".{name}-{manifest.version}-{os.getpid()}"
    try:
        hidden.mkdir(parents=True)
        write_bytes(hidden / WEIGHTS, weights)
        write_bytes(hidden / MANIFEST, to_json(manifest))
        folder.parent.mkdir(exist_ok=True)
        hidden.replace(folder)
        sync_folder(folder.parent)
    except OSError:
        shutil.rmtree(hidden, ignore_errors=True)
        raise
    return folder


def _state(modules: dict[str, nn.Module], *, half: bool) -> dict[str, Tensor]:
    """Return the tensors of `weights.safetensors`, named `iiae.*` and `backbone.*`, or `system.*`."""
    state: dict[str, Tensor] = {}
    for prefix, module in modules.items():
        for key, tensor in module.state_dict().items():
            stored = tensor.detach().cpu().contiguous()
            state[f"{prefix}.{key}"] = stored.half() if half and stored.is_floating_point() else stored
    return state


def with_metrics(folder: Path, metrics: dict[str, float]) -> None:
    """Add figures to a checkpoint's manifest."""
    manifest = read_manifest(folder)
    _rewrite(folder, replace(manifest, metrics={**manifest.metrics, **_finite(metrics)}))


def with_calibration(folder: Path, calibration: dict[QueryKind, Calibration]) -> None:
    """Replace the score calibration in a checkpoint's manifest."""
    _rewrite(folder, replace(read_manifest(folder), calibration=calibration))


def _finite(metrics: dict[str, float]) -> dict[str, float]:
    """Return the figures that are numbers; JSON has no form for the others."""
    return {name: value for name, value in metrics.items() if isfinite(value)}


def _rewrite(folder: Path, manifest: Manifest) -> None:
    write_bytes(folder / MANIFEST, to_json(manifest))


def load_parts(folder: Path) -> tuple[Manifest, IIAE, Backbone | None]:
    """Return the manifest and the networks of an IIAE checkpoint, on the CPU in float32.

    Raises:
        CheckpointError: a file is missing or damaged, the weights do not match the manifest, or the
            checkpoint is of another system.
    """
    manifest = read_manifest(folder)
    if manifest.preset.system != "iiae":
        raise CheckpointError(f"{manifest.name} is a {manifest.preset.system} model; this needs one of IIAE")
    sketch = manifest.preset.sketch
    with torch.device("meta"):
        iiae = IIAE(manifest.preset)
        backbone = None if sketch is None else backbone_for(sketch)
    _fill(_modules(iiae, backbone), folder, manifest)
    return manifest, iiae, backbone


def load_translator(folder: Path) -> tuple[Manifest, Translator]:
    """Return the manifest of a compared system and what serving needs of it, on the CPU in float32.

    Raises:
        CheckpointError: a file is missing or damaged, the weights do not match the manifest, or it is IIAE.
    """
    manifest = read_manifest(folder)
    if manifest.preset.system == "iiae":
        raise CheckpointError(f"{manifest.name} is an IIAE model; this needs one of another system")
    with torch.device("meta"):
        system = translator_of(manifest.preset).without_training()
    _fill(_modules(system, None), folder, manifest)
    return manifest, system


def _fill(modules: dict[str, nn.Module], folder: Path, manifest: Manifest) -> None:
    """Give modules the tensors of a checkpoint's file.

    They were built without memory, on torch's meta device. So a manifest that asks for too much is refused,
    because the file does not have it.

    Raises:
        CheckpointError: the file is missing or damaged, or does not match the manifest.
    """
    expected = {
        f"{prefix}.{key}": tensor
        for prefix, module in modules.items()
        for key, tensor in module.state_dict().items()
    }
    try:
        weights = read_weights(folder / WEIGHTS, expected, sha256=manifest.weights_sha256)
    except OSError as error:
        raise CheckpointError(f"{folder.name}: the weights cannot be read ({reason_of(error)})") from error
    except ValueError as error:
        raise CheckpointError(f"{folder.name}: {error}") from error
    for prefix, module in modules.items():
        own = {key: weights.pop(f"{prefix}.{key}") for key in module.state_dict()}
        module.load_state_dict(own, assign=True)


def _modules(trained: IIAE | Translator, backbone: Backbone | None) -> dict[str, nn.Module]:
    """Return the networks by the prefix of their tensors in `weights.safetensors`."""
    if isinstance(trained, Translator):
        names = [name for name, _ in trained.named_children() if name not in trained.only_trained]
        return {"system": nn.ModuleDict({name: trained.get_submodule(name) for name in names})}
    return {"iiae": trained} | ({} if backbone is None else {"backbone": backbone})


def load(folder: Path, device: torch.device) -> Inference:
    """Return a checkpoint's model on a device, after checking the weights against the manifest.

    Raises:
        CheckpointError: a file is missing or damaged, or the weights do not match the manifest.
    """
    return load_with_manifest(folder, device)[1]


def load_with_manifest(folder: Path, device: torch.device) -> tuple[Manifest, Inference]:
    """Return a checkpoint's manifest, and its model as `load` does."""
    if read_manifest(folder).preset.system != "iiae":
        manifest, system = load_translator(folder)
        return manifest, TranslatorInference(system, device)
    manifest, iiae, backbone = load_parts(folder)
    return manifest, IIAEInference(iiae, backbone, device)
