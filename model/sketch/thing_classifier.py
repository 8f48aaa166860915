"""Fit the classifier of things whose probabilities are part of a backbone's descriptor.

A doodle and an icon of one thing look different, but a classifier says the same of both.
"""

import torch
import torch.nn.functional as F
from torch import nn

from model.sketch.feature_pairs import LabelledFeatures

PENALTY = 3e-3
"""Weight of the squared weights, for standardised features."""
ITERATIONS = 200


def fit_thing_classifier(classifier: nn.Linear, pooled: LabelledFeatures) -> None:
    """Set a linear layer to multinomial logistic regression, by L-BFGS.

    Args:
        classifier: from pooled features to one logit a thing. Things without pictures get a low one.
        pooled: pooled features [n, 1280], with numbers of things.
    """
    mean, deviation = pooled.features.mean(0), pooled.features.std(0).clamp_min(1e-3)
    inputs, labels = (pooled.features - mean) / deviation, torch.from_numpy(pooled.labels)
    weight = torch.zeros(classifier.out_features, classifier.in_features, requires_grad=True)
    bias = torch.zeros(classifier.out_features, requires_grad=True)
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
        classifier.weight.copy_(weight / deviation)
        classifier.bias.copy_(bias - classifier.weight @ mean)
