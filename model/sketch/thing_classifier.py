"""Fit the classifier of things whose probabilities are part of a backbone's descriptor.

A doodle and an icon of one thing look different, but a classifier says the same of both.
"""

import torch
import torch.nn.functional as F
from torch import nn

from model.sketch.feature_pairs import LabelledFeatures
from model.sketch.fine_tuning.augmentation import CPU

PENALTY = 3e-3
"""Weight of the squared weights, for standardised features."""
ITERATIONS = 200


def fit_thing_classifier(classifier: nn.Linear, pooled: LabelledFeatures, device: torch.device = CPU) -> None:
    """Set a linear layer to multinomial logistic regression, by L-BFGS.

    Args:
        classifier: from pooled features to one logit a thing. Things without pictures get a low one.
        pooled: pooled features [n, 1280], with numbers of things.
        device: where to fit it.
    """
    mean, deviation = pooled.features.mean(0), pooled.features.std(0).clamp_min(1e-3)
    inputs = ((pooled.features - mean) / deviation).to(device)
    labels = torch.from_numpy(pooled.labels).to(device)
    weight, bias = (
        torch.zeros(value.shape, device=device, requires_grad=True)
        for value in (classifier.weight, classifier.bias)
    )
    optimiser = torch.optim.LBFGS(
        [weight, bias], max_iter=ITERATIONS, history_size=10, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = F.cross_entropy(inputs @ weight.T + bias, labels) + PENALTY * weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    with torch.no_grad():
        classifier.weight.copy_(weight.cpu() / deviation)
        classifier.bias.copy_(bias.cpu() - classifier.weight @ mean)
