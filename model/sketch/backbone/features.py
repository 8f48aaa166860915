"""Backbone features of whole pictures, computed in the serving form."""

import torch
from torch import Tensor

from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.serving_form import serving_form
from model.sketch.feature_pairs import LabelledFeatures
from model.sketch.fine_tuning.augmentation import CPU
from model.sketch.pictures import Pictures

BATCH = 32
CHUNK = 4096
"""Pictures whose descriptors, which are much larger than their pooled features, are in memory at a time."""


@torch.inference_mode()
def pooled_features(backbone: Backbone, pictures: Pictures, device: torch.device = CPU) -> Tensor:
    """Pooled features [n, 1280] of whole pictures; computed on `device`, returned on the CPU."""
    serving = serving_form(backbone, device)
    return torch.cat([serving.pooled(batch.to(device)).cpu() for batch in pictures.batches(BATCH)])


@torch.no_grad()
def labelled_features(backbone: Backbone, pictures: Pictures, device: torch.device = CPU) -> LabelledFeatures:
    """Features of whole pictures after the linear layer, with class numbers and codes of things."""
    return features_of_pooled(
        backbone, LabelledFeatures(pooled_features(backbone, pictures, device), pictures.labels)
    )


@torch.no_grad()
def features_of_pooled(backbone: Backbone, pooled: LabelledFeatures) -> LabelledFeatures:
    """The same from pooled features [n, 1280]."""
    chunks = pooled.features.split(CHUNK)
    features = torch.cat([backbone.feature(backbone.descriptor(chunk)) for chunk in chunks])
    things = [codes for chunk in chunks if (codes := backbone.thing_codes(chunk)) is not None]
    return LabelledFeatures(features, pooled.labels, torch.cat(things) if things else None)
