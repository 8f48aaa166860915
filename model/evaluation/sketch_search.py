"""Figures of zero-shot sketch search: sketches of unseen classes search the photos of these classes."""

from dataclasses import dataclass

import torch
from torch import Tensor

from model.data.sketchy import SketchyFiles
from model.iiae_inference import IIAEInference
from model.inference import Inference
from model.metrics import cosine, mean_average_precision, precision_at, ranked_relevance
from model.presets import SIDES, Side
from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.features import features_of_pooled
from model.sketch.expansion import expanded_scores
from model.sketch.feature_pairs import LabelledFeatures
from model.sketch.pictures import Pictures, decode_classes
from model.sketch.search_codes import search_codes, similarities

BATCH = 64


@dataclass(frozen=True)
class CatalogueCodes:
    """Codes and class numbers of a catalogue's photos (x) and sketches (y).

    Attributes:
        zs: means of r(zs|.), [n, d] for each domain.
        search: search codes (`model.sketch.search_codes`), [n, s].
        features: the backbone's features.
        exclusive: means of q(zx|x) and q(zy|y).
        standardised: the features as IIAE's first layer standardises them; None if that layer does more (D.2
            as printed).
        labels: class numbers, [n] for each domain; positions in `SketchyFiles.classes`.
    """

    zs: dict[Side, Tensor]
    search: dict[Side, Tensor]
    features: dict[Side, Tensor]
    exclusive: dict[Side, Tensor]
    standardised: dict[Side, Tensor] | None
    labels: dict[Side, Tensor]


@torch.inference_mode()
def encode_catalogue(inference: Inference, catalogue: SketchyFiles) -> CatalogueCodes:
    """Decode and encode all photos and sketches of a catalogue.

    Raises:
        DataError: no photo or no sketch can be read.
        ValueError: the model has no backbone.
    """
    preset = inference.preset
    if not isinstance(inference, IIAEInference) or inference.backbone is None:
        raise ValueError(f"preset {preset.name} has no backbone")
    iiae, backbone = inference.iiae, inference.backbone
    pictures = dict(zip(SIDES, decode_classes(catalogue, catalogue.classes, preset), strict=True))
    found = {side: _features(backbone, pictures[side], inference.device) for side in SIDES}
    features: dict[Side, Tensor] = {side: each.features for side, each in found.items()}
    zs: dict[Side, Tensor] = {side: iiae.shared(side, features[side]).mean for side in SIDES}
    weight = preset.require_sketch().thing_weight
    return CatalogueCodes(
        zs={side: zs[side].cpu() for side in SIDES},
        search={side: search_codes(zs[side], found[side].things, weight).cpu() for side in SIDES},
        features={side: features[side].cpu() for side in SIDES},
        exclusive={side: iiae.exclusive(side, features[side]).mean.cpu() for side in SIDES},
        standardised=None
        if preset.require_sketch().encoders == "printed"
        else {side: iiae.fe[side](features[side]).cpu() for side in SIDES},
        labels={side: torch.from_numpy(pictures[side].labels) for side in SIDES},
    )


def _features(backbone: Backbone, pictures: Pictures, device: torch.device) -> LabelledFeatures:
    pooled = torch.cat([backbone.pooled(batch.to(device)) for batch in pictures.batches(BATCH)])
    return features_of_pooled(backbone, LabelledFeatures(pooled, pictures.labels))


def measure_sketch_search(inference: Inference, unseen: SketchyFiles) -> dict[str, float]:
    """mAP and precision of searching the photos of unseen classes with their sketches.

    The figures without a prefix are those of the cosine of zs. The service searches by search codes
    (`search_`), also with query expansion (`expanded_`). The others are cosines of the backbone's features
    (`features_`), of standardised features (`standardised_features_`), and of exclusive codes (`exclusive_`).

    P@k is the share of relevant hits among the first k photos. It cannot reach 1 if a class has fewer than k
    photos.
    """
    codes = encode_catalogue(inference, unseen)
    by_prefix = {"": codes.zs, "features_": codes.features, "exclusive_": codes.exclusive}
    if codes.standardised is not None:
        by_prefix["standardised_features_"] = codes.standardised
    scores = {prefix: cosine(each["y"], each["x"]) for prefix, each in by_prefix.items()}
    scores["search_"] = similarities(codes.search["y"], codes.search["x"])
    scores["expanded_"] = expanded_scores(codes.search["y"], codes.search["x"])
    figures: dict[str, float] = {}
    for prefix, each in scores.items():
        relevant = ranked_relevance(each, codes.labels["y"], codes.labels["x"])
        figures |= {
            f"{prefix}map_all": mean_average_precision(relevant),
            f"{prefix}map_200": mean_average_precision(relevant, 200),
            f"{prefix}p_100": precision_at(relevant, 100),
            f"{prefix}p_10": precision_at(relevant, 10),
        }
    counts = {"queries": float(len(codes.labels["y"])), "photos": float(len(codes.labels["x"]))}
    return figures | counts


def map_by_class(inference: Inference, unseen: SketchyFiles) -> dict[str, float]:
    """mAP@all of each class's sketches, which search all photos."""
    codes = encode_catalogue(inference, unseen)
    scores, query_labels = cosine(codes.zs["y"], codes.zs["x"]), codes.labels["y"]
    relevant = ranked_relevance(scores, query_labels, codes.labels["x"])
    return {
        name: mean_average_precision(relevant[query_labels == number])
        for number, name in enumerate(unseen.classes)
    }
