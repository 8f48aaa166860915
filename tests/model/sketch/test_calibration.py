"""A calibration curve is a logistic function of the cosine and of the number of photos."""

import math

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode

from model.sketch.calibration import Calibration


def test_probabilities_rise_with_the_cosine_between_0_and_1():
    curve = Calibration(9.0, -4.0)
    probabilities = [curve.probability(cosine / 10, 100) for cosine in range(-10, 11)]
    assert probabilities == sorted(probabilities)
    assert 0 < probabilities[0] < 0.001
    assert 0.99 < probabilities[-1] < 1


def test_more_photos_lower_the_probability_up_to_the_largest_gallery_of_the_fit():
    curve = Calibration(9.0, -2.0, -0.5, 1000)
    probabilities = [curve.probability(0.5, photos) for photos in (0, 1, 10, 1000, 100_000)]
    assert probabilities[0] == probabilities[1] > probabilities[2] > probabilities[3] == probabilities[4]
    odds = probabilities[2] / (1 - probabilities[2])
    assert math.log(odds) == pytest.approx(9 * 0.5 - 2 - 0.5 * math.log(10))


@pytest.mark.parametrize("slope", [9.0, 2000.0])
def test_probabilities_of_one_and_of_many_cosines_equal_torchs_sigmoid(slope):
    curve = Calibration(slope, -2.0, -0.5, 1000)
    cosines = np.linspace(-1, 1, 201)
    logits = slope * cosines - 2.0 - 0.5 * math.log(40)
    expected = torch.from_numpy(logits).sigmoid().numpy()
    np.testing.assert_allclose(curve.probabilities(cosines, 40), expected, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(
        [curve.probability(float(c), 40) for c in cosines], expected, rtol=1e-12, atol=1e-300
    )


def test_a_grade_begins_at_its_limit():
    curve = Calibration(9.0, -4.0, strong=0.8, possible=0.3)
    scores = [0.0, 0.2999, 0.3, 0.7999, 0.8, 1.0]
    assert [curve.grade(score) for score in scores] == ["weak"] * 2 + ["possible"] * 2 + ["strong"] * 2


def test_limits_of_grades_may_be_equal_or_at_the_ends():
    assert Calibration(9.0, -4.0, strong=0.5, possible=0.5).grade(0.5) == "strong"
    assert Calibration(9.0, -4.0, strong=0.0, possible=0.0).grade(0.0) == "strong"
    assert Calibration(9.0, -4.0, strong=1.0, possible=1.0).grade(1.0) == "weak"


def test_the_mean_of_curves_has_the_strictest_limits_and_the_smallest_largest():
    curves = [Calibration(4.0, -3.0, -0.25, 900, 0.75, 0.25), Calibration(6.0, -5.0, -0.5, 700, 1.0, 0.5)]
    assert Calibration.mean(curves) == Calibration(5.0, -4.0, -0.375, 700, 1.0, 0.5)


class ForbidTorch(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        raise AssertionError(f"{function} was called")


def test_probabilities_do_not_use_torch_on_the_event_loop():
    curve = Calibration(9.0, -2.0, -0.5, 1000)
    with ForbidTorch():
        assert 0 < curve.probability(0.3, 40) < 1
        assert curve.probabilities(np.array([0.3, 0.4]), 40).shape == (2,)


@pytest.mark.parametrize(
    "coefficients",
    [
        (math.nan, 0.0),
        (0.0, math.inf),
        (-1e7, 0.0),
        (1.0, 0.0, math.nan),
        (1.0, 0.0, 0.0, 0),
        (1.0, 0.0, 0.0, -5),
        (1.0, 0.0, 0.0, 10**30),
        (1.0, 0.0, 0.0, 1, 1.1, 0.5),
        (1.0, 0.0, 0.0, 1, 0.9, -0.1),
        (1.0, 0.0, 0.0, 1, 0.4, 0.5),
        (1.0, 0.0, 0.0, 1, math.nan, 0.5),
        (1.0, 0.0, 0.0, 1, 0.9, math.nan),
    ],
)
def test_curves_that_give_no_scores_are_refused(coefficients):
    with pytest.raises(ValueError):
        Calibration(*coefficients)
