"""Pooled backbone features of whole pictures, computed in the serving form."""

import torch
from torch import Tensor

from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.serving_form import serving_form
from model.sketch.fine_tuning.augmentation import CPU
from model.sketch.pictures import Pictures

BATCH = 32


@torch.inference_mode()
def pooled_features(backbone: Backbone, pictures: Pictures, device: torch.device = CPU) -> Tensor:
    """Pooled features [n, 1280] of whole pictures; computed on `device`, returned on the CPU."""
    serving = serving_form(backbone, device)
    return torch.cat([serving.pooled(batch.to(device)).cpu() for batch in pictures.batches(BATCH)])
