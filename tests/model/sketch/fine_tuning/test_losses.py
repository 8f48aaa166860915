"""The losses of fine-tuning: each has the right sign."""

import torch
import torch.nn.functional as F

from model.sketch.fine_tuning.losses import fine_tuning_loss, supervised_contrast
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.fine_tuning.training_set import Batch


def test_contrastive_loss_is_small_if_classes_are_separated():
    labels = torch.tensor([0, 0, 1, 1])
    separated = F.normalize(torch.tensor([[1.0, 0.1], [1.0, -0.1], [-1.0, 0.1], [-1.0, -0.1]]))
    mixed = separated[[0, 2, 1, 3]]
    assert supervised_contrast(separated, labels, 0.1) < 0.1 < supervised_contrast(mixed, labels, 0.1)


def loss(projected: torch.Tensor, logits: torch.Tensor, **weights: float) -> float:
    """The loss of four pictures of two classes, whose ImageNet classes are 0 and 1."""
    labels = torch.tensor([0, 0, 1, 1])
    targets = F.one_hot(labels, 1000).float()
    batch = Batch(
        torch.zeros(4, 3, 8, 8), labels, targets, torch.full((4,), weights.pop("distillation", 0.0))
    )
    return float(fine_tuning_loss(projected, logits, torch.eye(2), batch, Recipe(**weights)))


def test_right_classes_right_predictions_and_close_pictures_lower_the_loss():
    right = torch.tensor([[1.0, 0.1], [1.0, 0.1], [0.1, 1.0], [0.1, 1.0]])
    confident = 9 * F.one_hot(torch.tensor([0, 0, 1, 1]), 1000).float()
    nothing = torch.zeros(4, 1000)
    assert loss(right, nothing, contrast=0.0) < loss(right.flip(1), nothing, contrast=0.0)
    assert loss(right, confident, distillation=1.0) < loss(right, nothing, distillation=1.0) - 1
    assert loss(right, nothing, distillation=1.0) < loss(right, confident.flip(0), distillation=1.0)
    assert loss(right, confident) == loss(right, nothing)  # without a weight, predictions do not count
