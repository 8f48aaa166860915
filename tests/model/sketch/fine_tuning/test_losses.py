"""The contrastive loss."""

import torch
import torch.nn.functional as F

from model.sketch.fine_tuning.losses import supervised_contrast


def test_contrastive_loss_is_small_if_classes_are_separated():
    labels = torch.tensor([0, 0, 1, 1])
    separated = F.normalize(torch.tensor([[1.0, 0.1], [1.0, -0.1], [-1.0, 0.1], [-1.0, -0.1]]))
    mixed = separated[[0, 2, 1, 3]]
    assert supervised_contrast(separated, labels, 0.1) < 0.1 < supervised_contrast(mixed, labels, 0.1)
