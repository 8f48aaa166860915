"""Pooled backbone features of whole pictures, computed in the serving form."""

import torch
from torch import Tensor

from model.sketch.augmentation import CPU
from model.sketch.backbones import Backbone
from model.sketch.pictures import Pictures
from model.sketch.serving_form import serving_form

BATCH = 32


@torch.inference_mode()
def pooled_features(backbone: Backbone, pictures: Pictures, device: torch.device = CPU) -> Tensor:
    """Pooled features [n, 1280] of whole pictures; computed on `device`, returned on the CPU."""
    serving = serving_form(backbone, device)
    return torch.cat([serving.pooled(batch.to(device)).cpu() for batch in pictures.batches(BATCH)])
