"""Loads a checkpoint and runs it once. A broken model fails here instead of in its first request."""

import torch
from torch import Tensor

from model.checkpoint import CheckpointError, load_with_manifest
from model.inference import Inference
from model.presets import SIDES
from service.registry.model import Model
from service.registry.store import Candidate


def load(candidate: Candidate, device: torch.device) -> Model:
    """Load a checkpoint onto the device and run each of its networks once.

    Raises:
        CheckpointError: the checkpoint is broken. It fails again unless its files change.
        Exception: another cause, such as too little memory. A retry may succeed.
    """
    # Only the engine's forward thread may have OpenMP helpers, see `device.configure_threads`.
    torch.set_num_threads(1)
    manifest, inference = load_with_manifest(candidate.folder, device)
    _run_once(inference)
    return Model(
        id=candidate.name,
        version=candidate.version if candidate.version != "released" else manifest.version,
        digest=manifest.weights_sha256,
        manifest=manifest,
        inference=inference,
    )


@torch.inference_mode()
def _run_once(inference: Inference) -> None:
    size = inference.preset.image_size
    pixels = torch.zeros(1, 3, size, size)
    for side in SIDES:
        zs, z = inference.shared(side, pixels), torch.zeros(1, inference.exclusive_size)
        _check(zs, (1, *inference.shared_shape))
        if inference.search_size:
            _check(inference.search_codes(side, pixels), (1, inference.search_size))
        if inference.exclusive_size:
            z = inference.exclusive(side, pixels)
            _check(z, (1, inference.exclusive_size))
        if "translate" in inference.capabilities:
            _check(inference.decode(side, z, zs), (1, 3, size, size))


def _check(output: Tensor, shape: tuple[int, ...]) -> None:
    if output.shape != shape:
        raise CheckpointError(f"its output has the shape {tuple(output.shape)} instead of {shape}")
    if not output.isfinite().all():
        raise CheckpointError("its output has values that are not numbers")
