"""Published checkpoints: a folder `<name>/<version>/` with `weights.safetensors` and `manifest.json`.

Written beside and renamed into place, so a half-written one is never seen; no pickle is ever loaded. The
SHA-256 of the weights is the checkpoint's digest: galleries and caches name it.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Literal

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from model.errors import UserError
from model.iiae import IIAE
from model.inference import Inference
from model.pictures import PREPROCESSING
from model.presets import Preset, QueryKind, Side
from model.sketch.backbones import Backbone
from model.sketch.calibration import Calibration
from model.storage import sync_folder, write_bytes

FORMAT = 1
"""Version of the networks and of this layout; checkpoints of another one are refused."""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
MANIFEST, WEIGHTS = "manifest.json", "weights.safetensors"


class CheckpointError(UserError):
    """A checkpoint cannot be used; a sentence that says why."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What is known of a checkpoint.

    `metrics` are fractions of 1, named as `iiae evaluate` names them. `calibration` says what a cosine to a photo is worth.
    `held_out` are the classes that a sketch model's training chose by; None where that is not known.
    """

    name: str
    version: str
    preset: Preset
    trained_on: str
    terms: str
    command: str
    seed: int
    data_fingerprint: str
    weights_sha256: str
    format: int = FORMAT
    code_version: str = "0"
    preprocessing: int = PREPROCESSING
    created: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    calibration: dict[QueryKind, Calibration] = field(default_factory=dict)
    held_out: tuple[str, ...] | None = None

    def query_kind(self, side: Side, *, expand: bool) -> QueryKind:
        """What a query of X or Y asks with; only sketches are expanded, and only where the distance is the cosine."""
        return "y_expanded" if expand and side == "y" and self.preset.distance == "cosine" else side

    def scores(self, asked: QueryKind) -> Literal["probability", "cosine", "nearness"]:
        """What `score` gives; `nearness` is 1 / (1 + L2 distance)."""
        if asked in self.calibration:
            return "probability"
        return "cosine" if self.preset.distance == "cosine" else "nearness"

    def score(self, asked: QueryKind, nearness: float, photos: int) -> float:
        """What is answered for a photo this near a query, in a gallery of so many: a probability where that is calibrated."""
        curve = self.calibration.get(asked)
        return nearness if curve is None else curve.probability(nearness, photos)


_MANIFEST = TypeAdapter(Manifest)


def code_version() -> str:
    """The installed distribution's version; "0" where it is not installed."""
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
    """Adds a version of `name` to the store and returns its folder; with `half`, in half precision.

    Raises:
        CheckpointError: the name is not acceptable.
    """
    if not NAME.fullmatch(name):
        raise CheckpointError(
            f"a checkpoint cannot be called {name!r}: lower-case letters, digits, '.', '_', '-', at most 64"
        )
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
    beside = store / f".{name}-{manifest.version}-{os.getpid()}"
    beside.mkdir(parents=True)
    write_bytes(beside / WEIGHTS, weights)
    write_bytes(beside / MANIFEST, _MANIFEST.dump_json(manifest, indent=2))
    folder.parent.mkdir(exist_ok=True)
    beside.replace(folder)
    sync_folder(folder.parent)
    return folder


def _state(iiae: IIAE, backbone: Backbone | None, *, half: bool) -> dict[str, Tensor]:
    parts: dict[str, nn.Module] = {"iiae": iiae} | ({"backbone": backbone} if backbone is not None else {})
    state: dict[str, Tensor] = {}
    seen: set[int] = set()
    for part, module in parts.items():
        for key, tensor in module.state_dict().items():
            if tensor.data_ptr() in seen and tensor.numel():
                continue  # shared between the domains: stored once
            seen.add(tensor.data_ptr())
            kept = tensor.detach().cpu().contiguous()
            state[f"{part}.{key}"] = kept.half() if half and kept.is_floating_point() else kept
    return state


def with_metrics(folder: Path, metrics: dict[str, float]) -> None:
    """Writes an evaluation's figures into a checkpoint's manifest."""
    manifest = read_manifest(folder)
    _rewrite(folder, replace(manifest, metrics={**manifest.metrics, **metrics}))


def with_calibration(folder: Path, calibration: dict[QueryKind, Calibration]) -> None:
    """Writes into a checkpoint's manifest what its cosines are worth."""
    _rewrite(folder, replace(read_manifest(folder), calibration=calibration))


def _rewrite(folder: Path, manifest: Manifest) -> None:
    write_bytes(folder / MANIFEST, _MANIFEST.dump_json(manifest, indent=2))


def published(store: Path) -> Iterator[Path]:
    """The folders of all published versions, by name and version, oldest first."""
    for manifest in sorted(store.glob(f"[!.]*/[!.]*/{MANIFEST}")):
        yield manifest.parent


def released() -> Iterator[Path]:
    """The folders of the checkpoints that ship inside the package."""
    for manifest in sorted((Path(__file__).parent / "pretrained").glob(f"[!.]*/{MANIFEST}")):
        yield manifest.parent


def find(store: Path, name: str) -> Path:
    """The newest version of `name` in the store, or the one in the package; `name` may be a folder's path.

    Raises:
        CheckpointError: neither has one.
    """
    if (Path(name) / MANIFEST).is_file():
        return Path(name)
    versions = [folder for folder in published(store) if folder.parent.name == name]
    shipped = [folder for folder in released() if folder.name == name]
    if not versions and not shipped:
        known = sorted(
            {folder.parent.name for folder in published(store)} | {folder.name for folder in released()}
        )
        raise CheckpointError(
            f"there is no checkpoint {name!r} in {store} or in the package; there are: {', '.join(known) or 'none'}"
        )
    return (versions or shipped)[-1]


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a checkpoint's folder.

    Raises:
        CheckpointError: it is missing, damaged, or of another format.
    """
    try:
        manifest = _MANIFEST.validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise CheckpointError(f"{folder.name}: the manifest cannot be read ({_first_line(error)})") from error
    if manifest.format != FORMAT:
        raise CheckpointError(
            f"{folder.name}: made by another version of the code (format {manifest.format}, this is {FORMAT})"
        )
    if manifest.preprocessing != PREPROCESSING:
        raise CheckpointError(
            f"{folder.name}: trained with preprocessing {manifest.preprocessing}, this is {PREPROCESSING}"
        )
    return manifest


def load_parts(folder: Path) -> tuple[Manifest, IIAE, Backbone | None]:
    """The networks of a checkpoint, on the CPU in float32, as training continues them.

    Raises:
        CheckpointError: anything about it is broken.
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
    preset = manifest.preset
    iiae = IIAE(preset)
    backbone = (
        Backbone(preset.backbone, preset.feature_size, mirrored=preset.mirrored, classified=preset.classified)
        if preset.backbone
        else None
    )
    try:
        state = load_tensors(weights)
        _fill(iiae, "iiae.", state)
        if backbone is not None:
            _fill(backbone, "backbone.", state)
    except Exception as error:  # safetensors and torch raise many kinds; all of them mean the same here
        raise CheckpointError(
            f"{folder.name}: the weights do not fit the networks ({_first_line(error)})"
        ) from error
    return manifest, iiae, backbone


def _fill(module: nn.Module, prefix: str, state: dict[str, Tensor]) -> None:
    own = {key.removeprefix(prefix): tensor for key, tensor in state.items() if key.startswith(prefix)}
    first = {tensor.data_ptr(): key for key, tensor in reversed(module.state_dict().items())}
    for key, tensor in module.state_dict().items():
        if key not in own and first[tensor.data_ptr()] in own:
            own[key] = own[first[tensor.data_ptr()]]  # shared between the domains
    module.load_state_dict(
        {key: tensor.float() if tensor.is_floating_point() else tensor for key, tensor in own.items()}
    )


def load(folder: Path, device: torch.device) -> Inference:
    """A checkpoint on a device, ready to answer; its weights are verified against the manifest first.

    Raises:
        CheckpointError: anything about it is broken.
    """
    _, iiae, backbone = load_parts(folder)
    return Inference(iiae, backbone, device)


def release(folder: Path, into: Path) -> Path:
    """Copies a published version to where the package keeps its own, `<into>/<name>/`."""
    target = into / read_manifest(folder).name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target)
    return target


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
