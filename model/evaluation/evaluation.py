"""The paper's figures of a trained model: cross-domain retrieval with the shared codes, leakage with the exclusive."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from model.data.pairs import Pairs
from model.data.sketchy import Catalogue, Pictures, decode
from model.evaluation.metrics import cosine, mean_average_precision, precision_at, ranked_relevance, top1
from model.iiae import IIAE
from model.inference import Inference
from model.presets import SIDES, Side
from model.sketch.backbones import Backbone
from model.sketch.expansion import expanded_scores

Encode = Callable[[Side, Tensor], Tensor]


def encode_pairs(
    encode: Encode, pairs: Pairs, *, limit: int | None = None, batch: int = 64
) -> dict[Side, Tensor]:
    """Flattened codes of both sides of pairs, [n, d] each; the first `limit` pairs, or an even choice of them."""
    count = len(pairs) if limit is None else min(limit, len(pairs))
    indices = np.linspace(0, len(pairs) - 1, count).round().astype(int)
    codes: dict[Side, list[Tensor]] = {"x": [], "y": []}
    for start in range(0, count, batch):
        drawn = [pairs.pair(int(index), None) for index in indices[start : start + batch]]
        for side, pictures in zip(SIDES, zip(*drawn, strict=True), strict=True):
            codes[side].append(encode(side, torch.stack(pictures)).flatten(1).float().cpu())
    return {side: torch.cat(parts) for side, parts in codes.items()}


def retrieval(
    shared: Encode, exclusive: Encode, pairs: Pairs, *, limit: int | None = None
) -> dict[str, float]:
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
    The same with the backbone's features, without IIAE, as they are and as IIAE's first layer standardises them, and
    with the exclusive codes, stands beside it, and what the service's expansion makes of the first.
    """
    found: dict[str, float] = {}
    codes, labels = sketch_codes(inference, unseen)
    scores = {prefix: cosine(sketches, photos) for prefix, (photos, sketches) in codes.items()}
    scores["expanded_"] = expanded_scores(codes[""][1], codes[""][0])
    for prefix, scored in scores.items():
        relevant = ranked_relevance(scored, labels["y"], labels["x"])
        found |= {
            f"{prefix}map_all": mean_average_precision(relevant),
            f"{prefix}map_200": mean_average_precision(relevant, 200),
            f"{prefix}p_100": precision_at(relevant, 100),
            f"{prefix}p_10": precision_at(relevant, 10),
        }
    return found | {"queries": float(len(labels["y"])), "photos": float(len(labels["x"]))}


def by_class(inference: Inference, unseen: Catalogue) -> dict[str, float]:
    """mAP@all of each class's sketches against all photos."""
    codes, labels = sketch_codes(inference, unseen)
    photos, sketches = codes[""]
    relevant = ranked_relevance(cosine(sketches, photos), labels["y"], labels["x"])
    return {
        name: mean_average_precision(relevant[labels["y"] == number])
        for number, name in enumerate(unseen.classes)
    }


@torch.inference_mode()
def sketch_codes(
    inference: Inference, catalogue: Catalogue
) -> tuple[dict[str, tuple[Tensor, Tensor]], dict[Side, Tensor]]:
    """Codes of photos and of sketches, by what their figures' names begin with, and both domains' class numbers."""
    classes, preset, iiae, backbone = catalogue.classes, inference.preset, inference.iiae, inference.backbone
    if backbone is None:
        raise ValueError(f"preset {preset.name} has no backbone")
    pictures: dict[Side, Pictures] = {
        "x": decode(catalogue.photos, classes, preset.image_size),
        "y": decode(catalogue.sketches, classes, preset.image_size, drawings=preset.drawings),
    }
    features = {side: _features(backbone, pictures[side], inference.device) for side in SIDES}
    codes = {
        "": tuple(iiae.shared(side, features[side]).mean for side in SIDES),
        "features_": tuple(features[side] for side in SIDES),
        "exclusive_": tuple(iiae.exclusive(side, features[side]).mean for side in SIDES),
    }
    if preset.shared_encoder != "printed":
        codes["standardised_features_"] = tuple(iiae.fe[side](features[side]) for side in SIDES)
    return {name: (x.cpu(), y.cpu()) for name, (x, y) in codes.items()}, {
        side: torch.from_numpy(pictures[side].labels) for side in SIDES
    }


def _features(backbone: Backbone, pictures: Pictures, device: torch.device) -> Tensor:
    starts = range(0, len(pictures.pixels), 64)
    batches = (torch.from_numpy(pictures.pixels[start : start + 64]).to(device) for start in starts)
    return torch.cat([backbone(batch.permute(0, 3, 1, 2).float() / 127.5 - 1) for batch in batches])
