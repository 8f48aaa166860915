"""The paper's figures of a trained model: cross-domain retrieval with the shared codes, leakage with the exclusive."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from model.data.pairs import Pairs
from model.data.sketchy import Catalogue, Pictures, decode
from model.iiae import IIAE
from model.inference import Inference
from model.metrics import cosine, mean_average_precision, precision_at, ranked_relevance, top1
from model.presets import SIDES, Side

Encode = Callable[[Side, Tensor], Tensor]


def encode_pairs(encode: Encode, pairs: Pairs, *, limit: int | None = None, batch: int = 64) -> dict[Side, Tensor]:
    """Flattened codes of both sides of pairs, [n, d] each; the first `limit` pairs, or an even choice of them."""
    count = len(pairs) if limit is None else min(limit, len(pairs))
    indices = np.linspace(0, len(pairs) - 1, count).round().astype(int)
    codes: dict[Side, list[Tensor]] = {"x": [], "y": []}
    for start in range(0, count, batch):
        drawn = [pairs.pair(int(index), None) for index in indices[start : start + batch]]
        for side, pictures in zip(SIDES, zip(*drawn, strict=True), strict=True):
            codes[side].append(encode(side, torch.stack(pictures)).flatten(1).float().cpu())
    return {side: torch.cat(parts) for side, parts in codes.items()}


def retrieval(shared: Encode, exclusive: Encode, pairs: Pairs, *, limit: int | None = None) -> dict[str, float]:
    """Top-1 both ways, as fractions of 1: with the shared codes, and with the exclusive ones (chance is 1 / pairs)."""
    zs = encode_pairs(shared, pairs, limit=limit)
    z = encode_pairs(exclusive, pairs, limit=limit)
    return {
        "top1_shared_xy": top1(zs["x"], zs["y"]),
        "top1_shared_yx": top1(zs["y"], zs["x"]),
        "top1_exclusive_xy": top1(z["x"], z["y"]),
        "top1_exclusive_yx": top1(z["y"], z["x"]),
        "pairs": float(len(zs["x"])),
    }


def while_training(pairs: Pairs, *, limit: int = 1_000) -> Callable[[IIAE], dict[str, float]]:
    """`retrieval` of the present weights; `validation` is the mean of the shared figures less that of the exclusive."""

    def figures(iiae: IIAE) -> dict[str, float]:
        device = next(iiae.parameters()).device
        with torch.inference_mode():
            found = retrieval(
                lambda side, pixels: iiae.shared(side, pixels.to(device)).mean,
                lambda side, pixels: iiae.exclusive(side, pixels.to(device)).mean,
                pairs,
                limit=limit,
            )
        shared = (found["top1_shared_xy"] + found["top1_shared_yx"]) / 2
        leaked = (found["top1_exclusive_xy"] + found["top1_exclusive_yx"]) / 2
        return {**found, "validation": shared - leaked}

    return figures


def sketch_search(inference: Inference, unseen: Catalogue) -> dict[str, float]:
    """Zero-shot sketch search on unseen classes: every sketch against all photos, cosine between the means.

    P@k is the share of relevant hits among the first k photos; with fewer than k photos of a class it cannot reach 1.
    The same with the backbone's features, without IIAE, and with the exclusive codes, stands beside it.
    """
    classes = unseen.classes
    photos = decode(unseen.photos, classes, inference.preset.image_size)
    sketches = decode(unseen.sketches, classes, inference.preset.image_size, drawings=inference.preset.drawings)
    codes: dict[str, Callable[[Side, Tensor], Tensor]] = {"": inference.shared, "exclusive_": inference.exclusive}
    if (backbone := inference.backbone) is not None:
        codes["features_"] = lambda side, pixels: torch.Tensor(backbone(pixels))
    found: dict[str, float] = {"queries": float(len(sketches.labels)), "photos": float(len(photos.labels))}
    for prefix, encode in codes.items():
        with torch.inference_mode():
            x, y = (_encoded(encode, side, pictures) for side, pictures in (("x", photos), ("y", sketches)))
        relevant = ranked_relevance(cosine(y, x), torch.from_numpy(sketches.labels), torch.from_numpy(photos.labels))
        found[f"{prefix}map_all"] = mean_average_precision(relevant)
        found[f"{prefix}p_100"] = precision_at(relevant, 100)
        found[f"{prefix}p_10"] = precision_at(relevant, 10)
    return found


def _encoded(encode: Encode, side: str, pictures: Pictures) -> Tensor:
    named: Side = "x" if side == "x" else "y"
    batches = (pictures.pixels[start : start + 64] for start in range(0, len(pictures.pixels), 64))
    return torch.cat([encode(named, torch.from_numpy(batch).permute(0, 3, 1, 2).float() / 127.5 - 1).flatten(1).cpu() for batch in batches])
