"""The paper's figures of an image model: cross-domain retrieval, and leakage into the exclusive codes."""

from collections.abc import Callable

import torch
from torch import Tensor

from model.data.pairs import Pairs, labels_of, pair_batches
from model.iiae import IIAE
from model.metrics import top1
from model.presets import SIDES, Side

Encode = Callable[[Side, Tensor], Tensor]
"""From a domain and pixels [b, 3, s, s] to codes [b, ...]."""


def encode_pairs(
    encode: Encode, pairs: Pairs, device: torch.device, *, limit: int | None = None, batch: int = 64
) -> dict[Side, Tensor]:
    """Encode both sides of pairs.

    Args:
        encode: the encoder.
        pairs: the pairs.
        device: where the encoder computes.
        limit: number of pairs, spread evenly; None encodes all.
        batch: pictures per call of `encode`.

    Returns:
        Flattened codes of each side, [n, d], on the device.
    """
    codes: dict[Side, list[Tensor]] = {"x": [], "y": []}
    for chunk in pair_batches(pairs, device, limit=limit, batch=batch):
        for side, pictures in zip(SIDES, chunk, strict=True):
            codes[side].append(encode(side, pictures).flatten(1).float())
    return {side: torch.cat(parts) for side, parts in codes.items()}


def cross_domain_retrieval(
    shared: Encode, exclusive: Encode, pairs: Pairs, device: torch.device, *, limit: int | None = None
) -> dict[str, float]:
    """Top-1 accuracy of retrieval in both directions, as fractions of 1.

    Retrieval with the shared codes should find the pair. Retrieval with the exclusive codes measures leakage;
    chance is 1 / pairs. Pairs with labels (`LabelledPairs`) count any pair of the label.

    Args:
        shared: means of r(zs|.).
        exclusive: means of q(zx|x) and q(zy|y).
        pairs: the pairs.
        device: where the encoders compute.
        limit: number of pairs, spread evenly; None uses all.
    """
    zs = encode_pairs(shared, pairs, device, limit=limit)
    z = encode_pairs(exclusive, pairs, device, limit=limit)
    labels = labels_of(pairs, limit)
    return {
        "top1_shared_xy": top1(zs["x"], zs["y"], labels),
        "top1_shared_yx": top1(zs["y"], zs["x"], labels),
        "top1_exclusive_xy": top1(z["x"], z["y"], labels),
        "top1_exclusive_yx": top1(z["y"], z["x"], labels),
        "pairs": float(len(zs["x"])),
    }


def retrieval_validation(pairs: Pairs, *, limit: int = 1_000) -> Callable[[IIAE], dict[str, float]]:
    """Return a validation function that measures `cross_domain_retrieval` of the current weights.

    Training keeps the weights with the highest `validation`: the mean of the two shared figures minus the
    mean of the two exclusive ones.

    Args:
        pairs: the validation pairs.
        limit: number of pairs, spread evenly.
    """

    def validate(iiae: IIAE) -> dict[str, float]:
        device = next(iiae.parameters()).device
        with torch.inference_mode():
            found = cross_domain_retrieval(
                lambda side, pixels: iiae.shared(side, pixels).mean,
                lambda side, pixels: iiae.exclusive(side, pixels).mean,
                pairs,
                device,
                limit=limit,
            )
        shared = (found["top1_shared_xy"] + found["top1_shared_yx"]) / 2
        leaked = (found["top1_exclusive_xy"] + found["top1_exclusive_yx"]) / 2
        return {**found, "validation": shared - leaked}

    return validate
