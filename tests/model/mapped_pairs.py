"""Features of two domains: sketches show a class's code through a linear map, and both have noise."""

import numpy as np
import torch
from torch import Tensor

from model.sketch.feature_pairs import FeaturePairs, LabelledFeatures

SIZE = 32
EACH = 10
"""Photos of each class, and sketches."""
SKETCH_MAP = 0.7 * torch.linalg.qr(torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(1)))[0]


def mapped_pairs(classes: int, generator: torch.Generator) -> tuple[FeaturePairs, Tensor]:
    """Pairs of new classes, and the class number of each photo, which is that of each sketch."""
    means = torch.randn(classes, SIZE, generator=generator)
    labels = torch.arange(classes).repeat_interleave(EACH)
    noise = 0.8 * torch.randn(2, classes * EACH, SIZE, generator=generator)
    photos, sketches = (
        means[labels] + noise[0] + 3,
        means[labels] @ (SKETCH_MAP + 0.3 * torch.eye(SIZE)) + noise[1] - 2,
    )
    numbers = labels.numpy().astype(np.int64)
    return FeaturePairs(LabelledFeatures(photos, numbers), LabelledFeatures(sketches, numbers)), labels
