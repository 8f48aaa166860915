"""From a checkpoint's folder to a model that has answered once, so that its first request is not its first try."""

import torch
from torch import Tensor

from model.checkpoint import CheckpointError, load_parts
from model.inference import Inference
from model.presets import SIDES
from service.registry.model import Model
from service.registry.store import Candidate


def load(candidate: Candidate, device: torch.device) -> Model:
    """A candidate on the device, tried out.

    Raises:
        CheckpointError: anything about it is broken.
        Exception: it may be sound, but not now and here: no memory, say.
    """
    torch.set_num_threads(
        1
    )  # here and where torch comes later: the forward thread's helpers are to be the only ones
    manifest, iiae, backbone = load_parts(candidate.folder)
    inference = Inference(iiae, backbone, device)
    _try_out(inference)
    return Model(
        id=candidate.name,
        version=candidate.version if candidate.version != "released" else manifest.version,
        digest=manifest.weights_sha256,
        manifest=manifest,
        inference=inference,
    )


@torch.inference_mode()
def _try_out(inference: Inference) -> None:
    size = inference.preset.image_size
    pixels = torch.zeros(1, 3, size, size)
    for side in SIDES:
        zs, z = inference.shared(side, pixels), inference.exclusive(side, pixels)
        _expect(zs, (1, *inference.shared_shape))
        _expect(z, (1, inference.exclusive_size))
        if "translate" in inference.capabilities:
            _expect(inference.decode(side, z, zs), (1, 3, size, size))


def _expect(result: Tensor, shape: tuple[int, ...]) -> None:
    if result.shape != shape:
        raise CheckpointError(f"it gives {tuple(result.shape)} where {shape} is expected")
    if not result.isfinite().all():
        raise CheckpointError("it gives values that are not numbers")
