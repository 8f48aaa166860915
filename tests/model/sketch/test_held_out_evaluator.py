"""Calibration curves of each kind of query are fitted on galleries with the classes trained on."""

import numpy as np
import pytest
import torch

from model.data.pairs import DataError
from model.distributions import Gaussian
from model.iiae import IIAE
from model.metrics import cosine
from model.sketch.calibration import Calibration
from model.sketch.calibration_fitting import fit_to_kinds, sample_searches
from model.sketch.expansion import expanded_scores
from model.sketch.feature_pairs import FeaturePairs
from model.sketch.held_out_evaluator import HeldOutEvaluator
from model.sketch.pictures import Pictures


def pictures_of(labels: np.ndarray) -> Pictures:
    return Pictures(np.zeros((len(labels), 1, 1, 3), np.uint8), labels)


def fit_to_codes(*codes: object, **options: bool) -> Calibration:
    """A curve for searches of one kind."""
    return fit_to_kinds([sample_searches(*codes, **options)])


class IdentityIIAE(IIAE):
    """Features are the codes."""

    def __init__(self):
        torch.nn.Module.__init__(self)

    def shared(self, side, features):
        return Gaussian(features, torch.zeros_like(features))


def test_curves_are_fitted_to_photo_queries_sketch_queries_and_expanded_ones():
    """The photos' codes are less noisy than the sketches', and a photo query does not find itself."""
    generator = torch.Generator().manual_seed(0)
    labels = {"x": np.repeat(np.arange(4), 12), "y": np.repeat(np.arange(4), 5)}
    means = torch.eye(4, 16)
    evaluator = HeldOutEvaluator((pictures_of(labels["x"]), pictures_of(labels["y"])))
    noise = {"x": 0.2, "y": 0.6}
    evaluator.features = {
        side: means[torch.from_numpy(each)] + noise[side] * torch.randn(len(each), 16, generator=generator)
        for side, each in labels.items()
    }
    trained_labels = np.repeat(np.arange(3), 15)
    trained = FeaturePairs(
        means[:3][torch.from_numpy(trained_labels)] + 0.2 * torch.randn(45, 16, generator=generator),
        trained_labels,
        torch.zeros(0, 16),
        np.zeros(0, np.int64),
    )
    curves = evaluator.calibrate(IdentityIIAE(), trained, seed=0)

    x, y = evaluator.features["x"], evaluator.features["y"]
    photos, photo_labels = torch.cat([x, trained.photos]), np.concatenate([labels["x"], trained_labels + 4])
    gallery = ([0, 1, 2, 3], photos, photo_labels, 0)
    assert curves == {
        "x": fit_to_codes(cosine, photos, photo_labels, *gallery, query_by_photo=True),
        "y": fit_to_codes(cosine, y, labels["y"], *gallery),
        "y_expanded": fit_to_codes(expanded_scores, y, labels["y"], *gallery),
    }
    assert curves["x"].slope > curves["y"].slope > 0
    # Photos of the classes trained on may look like the query, so a cosine says less among them.
    without_trained = fit_to_codes(cosine, y, labels["y"], [0, 1, 2, 3], x, labels["x"], 0)
    assert curves["y"].probability(0.9, 40) < without_trained.probability(0.9, 40) - 0.1


def test_held_out_classes_with_single_photos_are_refused_before_training():
    with pytest.raises(DataError, match="at least 2 readable photos; found at most 1 in a class"):
        HeldOutEvaluator((pictures_of(np.arange(4)), pictures_of(np.repeat(np.arange(4), 5))))
