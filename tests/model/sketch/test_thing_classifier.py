"""The classifier of things: fitted to pooled features, for the descriptor."""

import numpy as np
import torch
from torch import nn

from model.sketch.feature_pairs import LabelledFeatures
from model.sketch.pictures import some_of_each
from model.sketch.thing_classifier import fit_thing_classifier


def test_the_classifier_knows_new_pictures_of_the_things_that_it_has_seen():
    """Two domains show the same things with different offsets; one thing of the three has no pictures.

    Dimensions have different scales and means far from zero, as pooled features do.
    """
    generator = torch.Generator().manual_seed(0)
    labels = np.tile([0, 2], 60)
    means = 0.5 * torch.randn(3, 40, generator=generator)
    scales, centre = torch.logspace(-1, 2, 40), 20 * torch.randn(40, generator=generator)

    def pictures_of_both_domains() -> torch.Tensor:
        offset = torch.where(torch.arange(120)[:, None] < 60, 3.0, -3.0)
        shown = means[torch.from_numpy(labels)] + offset + torch.randn(120, 40, generator=generator)
        return (centre + shown) * scales

    classifier = nn.Linear(40, 3)
    fit_thing_classifier(classifier, LabelledFeatures(pictures_of_both_domains(), labels))
    probabilities = classifier(pictures_of_both_domains()).softmax(1).detach()
    assert (probabilities.argmax(1).numpy() == labels).mean() > 0.9
    assert float(probabilities.max(1).values.mean()) > 0.9  # certain: the penalty is small
    assert float(probabilities[:, 1].max()) < 0.1


def test_a_few_pictures_of_each_class_are_spread_over_them():
    labels = np.array([3, 3, 3, 3, 3, 1, 1, 7])
    assert some_of_each(labels, 3).tolist() == [5, 6, 0, 2, 4, 7]
