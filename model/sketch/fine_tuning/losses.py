"""The losses of fine-tuning: classification, supervised contrast, and distillation."""

import torch
import torch.nn.functional as F
from torch import Tensor

from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.fine_tuning.training_set import Batch


def fine_tuning_loss(
    projected: Tensor, imagenet_logits: Tensor, classes: Tensor, batch: Batch, recipe: Recipe
) -> Tensor:
    """The weighted sum of all losses, a scalar.

    Args:
        projected: projections of the batch's pictures, [n, d].
        imagenet_logits: [n, 1000].
        classes: the vector of each class, [c, d].
        batch: labels and targets.
        recipe: the weights.
    """
    features, logits = F.normalize(projected), imagenet_logits
    cosines = recipe.scale * features @ F.normalize(classes).T
    loss = F.cross_entropy(cosines, batch.labels, label_smoothing=recipe.label_smoothing)
    loss = loss + recipe.contrast * supervised_contrast(features, batch.labels, recipe.temperature)
    divergences = F.kl_div(logits.log_softmax(1), batch.targets, reduction="none").sum(1)
    return loss + (batch.weights * divergences).sum()


def supervised_contrast(features: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """The supervised contrastive loss of unit features [n, d] (Khosla et al., 2020), a scalar.

    It is the negative mean log-probability of the other items of an item's class.
    """
    self_mask = torch.eye(len(features), dtype=torch.bool, device=features.device)
    logits = (features @ features.T / temperature).masked_fill(self_mask, -torch.inf)
    log_probabilities = logits.log_softmax(1).masked_fill(self_mask, 0)
    positives = (labels[:, None] == labels[None]) & ~self_mask
    return -((log_probabilities * positives).sum(1) / positives.sum(1).clamp_min(1)).mean()
