"""Calibration curves of each kind of query are fitted on galleries with the classes trained on."""

from dataclasses import astuple

import numpy as np
import pytest
import torch

from model.data.pairs import DataError
from model.distributions import Gaussian
from model.iiae import IIAE
from model.presets import PRESETS
from model.sketch.calibration import Calibration
from model.sketch.calibration_fitting import fit_to_kinds, sample_searches
from model.sketch.expansion import expanded_scores
from model.sketch.feature_pairs import LabelledFeatures
from model.sketch.held_out_evaluator import HeldOutEvaluator
from model.sketch.pictures import Pictures
from model.sketch.search_codes import search_codes, similarities


def pictures_of(labels: np.ndarray) -> Pictures:
    return Pictures(np.zeros((len(labels), 1, 1, 3), np.uint8), labels)


def fit_to_codes(*codes: object, **options: bool) -> Calibration:
    """A curve for searches of one kind."""
    return fit_to_kinds([sample_searches(*codes, **options)])


def noisy_codes(
    labels: np.ndarray, noise: float, generator: torch.Generator, first: int = 0
) -> LabelledFeatures:
    """The mean of each label's class, with noise; `first` is the dimension of class 0's mean."""
    means = torch.eye(16)[torch.from_numpy(labels + first)]
    codes = means + noise * torch.randn(len(labels), 16, generator=generator)
    return LabelledFeatures(torch.nn.functional.normalize(codes), labels)


class IdentityIIAE(IIAE):
    """Features are the codes."""

    def __init__(self):
        torch.nn.Module.__init__(self)
        self.preset = PRESETS["sketchy"]

    def shared(self, side, features):
        return Gaussian(features, torch.zeros_like(features))


def test_curves_are_fitted_to_photo_queries_sketch_queries_and_expanded_ones():
    """The photos' codes are less noisy than the sketches', and a photo query does not find itself."""
    generator = torch.Generator().manual_seed(0)
    labels = {"photos": np.repeat(np.arange(4), 12), "sketches": np.repeat(np.arange(4), 5)}
    evaluator = HeldOutEvaluator({kind: pictures_of(each) for kind, each in labels.items()}, {})
    noise = {"photos": 0.2, "sketches": 0.6}
    evaluator.features = {kind: noisy_codes(each, noise[kind], generator) for kind, each in labels.items()}
    trained = noisy_codes(np.repeat(np.arange(3), 15), 0.2, generator)
    curves = evaluator.calibrate(IdentityIIAE(), {"photos": trained}, seed=0)

    x, y = (evaluator.features[kind].features for kind in ("photos", "sketches"))
    labels = {"x": labels["photos"], "y": labels["sketches"]}
    photos = torch.cat([x, trained.features])
    photo_labels = np.concatenate([labels["x"], trained.labels + 4])
    gallery = ([0, 1, 2, 3], photos, photo_labels, 0)
    expected = {
        "x": fit_to_codes(similarities, photos, photo_labels, *gallery, query_by_photo=True),
        "y": fit_to_codes(similarities, y, labels["y"], *gallery),
        "y_expanded": fit_to_codes(expanded_scores, y, labels["y"], *gallery),
    }
    assert curves.keys() == expected.keys()
    for kind, curve in curves.items():
        assert astuple(curve) == pytest.approx(astuple(expected[kind]), rel=1e-4)
    assert curves["x"].slope > curves["y"].slope > 0
    # Photos of the classes trained on may look like the query, so a cosine says less among them.
    without_trained = fit_to_codes(similarities, y, labels["y"], [0, 1, 2, 3], x, labels["x"], 0)
    assert curves["y"].probability(0.9, 40) < without_trained.probability(0.9, 40) - 0.1


def test_limits_keep_their_promise_for_doodles_too():
    """Doodles are noisier than sketches, so among them a strong hit needs a higher cosine."""
    generator = torch.Generator().manual_seed(0)
    labels = {
        "photos": np.repeat(np.arange(4), 12),
        "sketches": np.repeat(np.arange(4), 20),
        "doodles": np.repeat(np.arange(4), 20),
    }
    noise = {"photos": 0.1, "sketches": 0.1, "doodles": 0.4}
    evaluator = HeldOutEvaluator({kind: pictures_of(each) for kind, each in labels.items()}, {})
    features = {kind: noisy_codes(each, noise[kind], generator) for kind, each in labels.items()}
    trained = {"photos": noisy_codes(np.repeat(np.arange(4), 9), 0.1, generator, 4)}

    def strong(*kinds: str) -> Calibration:
        evaluator.features = {kind: features[kind] for kind in kinds}
        return evaluator.calibrate(IdentityIIAE(), trained, seed=0)["y"]

    def needed_cosine(curve: Calibration, photos: int = 40) -> float:
        cosines = np.linspace(-1, 1, 2001)
        return float(cosines[curve.probabilities(cosines, photos) >= curve.strong].min())

    sketches_only = needed_cosine(strong("photos", "sketches"))
    assert needed_cosine(strong("photos", "sketches", "doodles")) > sketches_only + 0.02


def test_searches_among_icons_have_curves_of_their_own_with_more_weight_on_things():
    generator = torch.Generator().manual_seed(0)
    labels = {
        "photos": np.repeat(np.arange(4), 12),
        "icons": np.repeat(np.arange(4), 5),
        "sketches": np.repeat(np.arange(4), 20),
    }

    def codes(numbers: np.ndarray, first: int = 0) -> LabelledFeatures:
        each = noisy_codes(numbers, 0.5, generator, first)
        things = torch.eye(16)[torch.from_numpy(numbers + first)] * torch.rand(len(numbers), 1)
        return LabelledFeatures(each.features, numbers, things)

    features = {kind: codes(each) for kind, each in labels.items()}
    trained = {kind: codes(np.repeat(np.arange(4), 9), 4) for kind in ("photos", "icons")}
    evaluator = HeldOutEvaluator({kind: pictures_of(each) for kind, each in labels.items()}, {})
    evaluator.features = {kind: features[kind] for kind in ("photos", "sketches")}
    without_icons = evaluator.calibrate(IdentityIIAE(), trained, seed=0)
    assert without_icons.keys() == {"x", "y", "y_expanded"}
    evaluator.features = features
    curves = evaluator.calibrate(IdentityIIAE(), trained, seed=0)
    assert curves.keys() == {*without_icons, "drawn_x", "drawn_y", "drawn_y_expanded"}
    assert {kind: curves[kind] for kind in without_icons} == without_icons

    def weighted(each: LabelledFeatures) -> torch.Tensor:
        return search_codes(each.features, each.things, 4.0)

    icons = torch.cat([weighted(features["icons"]), weighted(trained["icons"])])
    icon_labels = np.concatenate([labels["icons"], trained["icons"].labels + 4])
    expected = fit_to_codes(
        similarities,
        weighted(features["sketches"]),
        labels["sketches"],
        [0, 1, 2, 3],
        icons,
        icon_labels,
        0,
    )
    assert astuple(curves["drawn_y"]) == pytest.approx(astuple(expected), rel=1e-4)


def test_too_few_icons_for_a_curve_do_not_stop_the_calibration():
    """The only icon of a held-out class is of one without sketches."""
    generator = torch.Generator().manual_seed(0)
    labels = {"photos": np.repeat(np.arange(4), 12), "sketches": np.repeat(np.arange(3), 5)}
    evaluator = HeldOutEvaluator({kind: pictures_of(each) for kind, each in labels.items()}, {})
    evaluator.features = {kind: noisy_codes(each, 0.4, generator) for kind, each in labels.items()}
    evaluator.features["icons"] = noisy_codes(np.array([3]), 0.4, generator)
    trained = {
        kind: noisy_codes(np.repeat(np.arange(4), 9), 0.4, generator, 4) for kind in ("photos", "icons")
    }
    curves = evaluator.calibrate(IdentityIIAE(), trained, seed=0)
    assert curves.keys() == {"x", "y", "y_expanded"}


def test_limits_keep_their_promise_for_known_and_unknown_things_together():
    """The codes of known things are near each other, and those of unknown ones often go wrong."""
    generator = torch.Generator().manual_seed(0)
    labels = {"photos": np.repeat(np.arange(4), 12), "sketches": np.repeat(np.arange(4), 20)}
    noise = {"photos": 0.1, "sketches": 0.7}
    evaluator = HeldOutEvaluator({kind: pictures_of(each) for kind, each in labels.items()}, {})
    evaluator.features = {kind: noisy_codes(each, noise[kind], generator) for kind, each in labels.items()}
    trained = {"photos": noisy_codes(np.repeat(np.arange(4), 9), 0.1, generator, 4)}
    unknown_only = evaluator.calibrate(IdentityIIAE(), trained, seed=0)["y"]
    evaluator.held_back_features = {
        kind: noisy_codes(each, 0.1, generator, 4) for kind, each in labels.items()
    }
    both = evaluator.calibrate(IdentityIIAE(), trained, seed=0)["y"]

    def strong(curve: Calibration, held_back: bool) -> tuple[np.ndarray, np.ndarray]:
        """Which first hits of sketches among photos of all classes are strong, and which are right."""
        own = evaluator.held_back_features if held_back else evaluator.features
        photos = torch.cat([trained["photos"].features, evaluator.features["photos"].features])
        photo_labels = np.concatenate([trained["photos"].labels + 4, evaluator.features["photos"].labels])
        best, places = similarities(own["sketches"].features, photos).max(1)
        right = photo_labels[places] == own["sketches"].labels + 4 * held_back
        return curve.probabilities(best.numpy(), len(photos)) >= curve.strong, right

    known, unknown = strong(both, held_back=True), strong(both, held_back=False)
    assert known[0].mean() > 0.9
    every, right = (np.concatenate(parts) for parts in zip(known, unknown, strict=True))
    assert right[every].mean() > 0.8
    # Without known things, the limit has to be higher.
    assert unknown[0].mean() > strong(unknown_only, held_back=False)[0].mean() + 0.05


def test_curves_and_doodles_figure_are_those_of_search_codes():
    """zs says nothing here, and the codes of things say everything."""
    generator = torch.Generator().manual_seed(0)
    labels = {
        "photos": np.repeat(np.arange(4), 12),
        "sketches": np.repeat(np.arange(4), 20),
        "doodles": np.repeat(np.arange(4), 20),
    }
    evaluator = HeldOutEvaluator({kind: pictures_of(each) for kind, each in labels.items()}, {})

    def codes(numbers: np.ndarray, first: int = 0) -> LabelledFeatures:
        noise = torch.randn(len(numbers), 16, generator=generator)
        return LabelledFeatures(noise, numbers, torch.eye(16)[torch.from_numpy(numbers + first)])

    evaluator.features = {kind: codes(each) for kind, each in labels.items()}
    figures = evaluator.validate(IdentityIIAE())
    assert figures["held_out_doodles_precision_10"] > 0.95
    assert figures["held_out_map_all"] < 0.4
    curves = evaluator.calibrate(IdentityIIAE(), {"photos": codes(np.repeat(np.arange(4), 9), 4)}, seed=0)
    assert curves["y"].probability(0.5, 40) > 0.9 > 0.2 > curves["y"].probability(0.1, 40)


def test_single_photos_held_back_do_not_spoil_the_grades_of_photo_queries():
    """A query does not find itself, so a class with one photo has no right hit."""
    generator = torch.Generator().manual_seed(0)
    labels = {"photos": np.repeat(np.arange(4), 12), "sketches": np.repeat(np.arange(4), 20)}
    evaluator = HeldOutEvaluator({kind: pictures_of(each) for kind, each in labels.items()}, {})
    evaluator.features = {kind: noisy_codes(each, 0.1, generator) for kind, each in labels.items()}
    trained = {"photos": noisy_codes(np.repeat(np.arange(4), 9), 0.1, generator, 4)}
    before = evaluator.calibrate(IdentityIIAE(), trained, seed=0)["x"]
    evaluator.held_back_features = {"photos": noisy_codes(np.arange(4), 0.1, generator, 4)}
    assert evaluator.calibrate(IdentityIIAE(), trained, seed=0)["x"] == before


def test_doodles_without_photos_of_their_class_do_not_stop_the_calibration():
    generator = torch.Generator().manual_seed(0)
    labels = {"photos": np.repeat([0, 1], 6), "sketches": np.repeat([0, 1], 6), "icons": np.repeat([1], 3)}
    labels["doodles"] = np.repeat([0], 6)
    evaluator = HeldOutEvaluator({kind: pictures_of(each) for kind, each in labels.items()}, {})
    evaluator.features = {kind: noisy_codes(each, 0.5, generator) for kind, each in labels.items()}
    trained = {kind: noisy_codes(np.repeat(np.arange(4), 9), 0.5, generator) for kind in ("photos", "icons")}
    assert set(evaluator.calibrate(IdentityIIAE(), trained, seed=0)) >= {"x", "y", "y_expanded"}


def test_held_out_classes_with_single_photos_are_refused_before_training():
    with pytest.raises(DataError, match="at least 2 readable photos; found at most 1 in a class"):
        HeldOutEvaluator(
            {"photos": pictures_of(np.arange(4)), "sketches": pictures_of(np.repeat(np.arange(4), 5))}, {}
        )
