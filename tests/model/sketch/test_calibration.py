"""Scores that are probabilities: fitted on pairs whose truth is known, and judged."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from model import checkpoint
from model.cli import app
from model.iiae import IIAE
from model.presets import PRESETS
from model.sketch.calibration import Calibration, Searches, expected_error, fit, galleries, of_codes, searched


def found_in(count: int, photos: int, curve: Calibration, seed: int = 0) -> Searches:
    """Searches in a gallery of so many photos whose hits are right by a known curve."""
    generator = torch.Generator().manual_seed(seed)
    cosines = torch.rand(count, 20, generator=generator) * 2 - 1
    return Searches(
        cosines, torch.rand(count, 20, generator=generator) < curve.probabilities(cosines, photos), photos
    )


def test_the_curve_that_made_the_hits_is_found():
    made = Calibration(9.0, -1.0, -0.7, 2000)
    found = fit([found_in(3000, photos, made, photos) for photos in (5, 40, 300, 2000)])
    assert (found.slope, found.intercept, found.crowd) == pytest.approx((9.0, -1.0, -0.7), abs=0.2)
    assert found.largest == 2000


def test_galleries_of_one_size_say_nothing_of_others():
    found = fit([found_in(3000, 50, Calibration(9.0, -4.0))])
    assert (found.slope, found.intercept, found.crowd) == pytest.approx((9.0, -4.0, 0.0), abs=0.2)


def test_probabilities_rise_with_the_cosine_and_stay_between_0_and_1():
    curve = Calibration(9.0, -4.0)
    said = [curve.probability(cosine / 10, 100) for cosine in range(-10, 11)]
    assert said == sorted(said)
    assert 0 < said[0] < 0.001
    assert 0.99 < said[-1] < 1


def test_the_more_photos_there_are_the_less_a_cosine_is_worth_up_to_the_most_that_were_known():
    curve = Calibration(9.0, -2.0, -0.5, 1000)
    said = [curve.probability(0.5, photos) for photos in (0, 1, 10, 1000, 100_000)]
    assert said[0] == said[1] > said[2] > said[3] == said[4]
    assert torch.logit(torch.tensor(said[2], dtype=torch.float64)) == pytest.approx(
        9 * 0.5 - 2 - 0.5 * math.log(10)
    )


def test_hits_that_a_threshold_parts_give_a_finite_slope():
    cosines = torch.linspace(-1, 1, 100)[None]
    assert (
        5 < fit([Searches(cosines, cosines > 0, 100)]).slope < 11
    )  # with 0 for what is wrong, or 1 for what is right, 13; with both, as far as one looks


def test_hits_of_one_kind_cannot_be_fitted():
    with pytest.raises(ValueError, match="not"):
        fit([Searches(torch.zeros(1, 3), torch.ones(1, 3, dtype=torch.bool), 3)])


def test_galleries_are_small_and_large_and_some_lack_what_is_asked_for():
    query_labels, photo_labels = np.repeat(np.arange(5), 12), np.repeat(np.arange(40), 30)
    drawn = list(galleries(query_labels, [1, 3], photo_labels, seed=0, count=300))
    assert all(len(each.queries) == 8 == len(set(each.queries.tolist())) for each in drawn)
    wanted = [set(query_labels[each.queries].tolist()) for each in drawn]
    assert {frozenset(each) for each in wanted} == {frozenset({1}), frozenset({3})}
    counts = [Counter(photo_labels[each.photos].tolist()) for each in drawn]
    assert all(len(set(each.photos.tolist())) == len(each.photos) for each in drawn)
    assert all(len(set(each.values())) == 1 for each in counts)
    assert {next(iter(each.values())) for each in counts} == {1, 2, 3, 5, 10, 25}
    assert min(len(each) for each in counts) <= 5
    assert max(len(each) for each in counts) >= 35
    missing = [not labels & set(each) for labels, each in zip(wanted, counts, strict=True)]
    assert 0.17 < np.mean(missing) < 0.33


def test_what_is_fitted_on_is_what_one_sees_first_without_the_query_itself():
    scores = torch.arange(30.0).repeat(2, 1)
    relevant = scores > 25
    seen = searched(scores, relevant)
    assert (seen.cosines[0].tolist(), seen.photos) == (list(map(float, range(29, 9, -1))), 30)
    assert seen.relevant[0].tolist() == [True] * 4 + [False] * 16
    itself = torch.zeros(2, 30, dtype=torch.bool)
    itself[1, 29] = True
    other = searched(scores, relevant, itself)
    assert [float(row[0]) for row in other.cosines] == [29, 28]
    few = searched(scores[:, :3], relevant[:, :3], itself[:, -3:])
    assert few.cosines.shape == (2, 2)


def test_photos_that_ask_do_not_count_themselves():
    """Each photo is alike to itself alone: with itself among its hits, the nearest would always be right."""
    codes, labels = torch.eye(60), np.repeat(np.arange(6), 10)

    def near(query: torch.Tensor, photos: torch.Tensor) -> torch.Tensor:
        noise = torch.rand(len(query), len(photos), generator=torch.Generator().manual_seed(0))
        return query @ photos.T + 0.01 * noise

    apart, counted = (
        of_codes(near, codes, labels, [0, 1], codes, labels, 0, photos_ask=ask) for ask in (True, False)
    )
    assert counted.probability(1.0, 30) > 0.9
    assert apart.slope != counted.slope
    assert abs(apart.slope) < 100


def test_the_error_is_what_is_said_less_what_is_so():
    assert expected_error(torch.full((10,), 0.8), torch.arange(10) < 8) == pytest.approx(0, abs=1e-6)
    assert expected_error(torch.full((10,), 0.8), torch.arange(10) < 3) == pytest.approx(0.5, abs=1e-6)
    assert expected_error(torch.ones(10), torch.arange(10) < 7) == pytest.approx(0.3, abs=1e-6)


def test_a_model_without_held_out_classes_takes_the_mean_of_others_curves(tmp_path):
    torch.manual_seed(0)
    preset = replace(PRESETS["sketchy"], backbone=None, shared_encoder="linear", zs_size=8, feature_size=16)
    about = {
        "trained_on": "nothing",
        "terms": "none",
        "command": "a test",
        "seed": 0,
        "data_fingerprint": "0",
    }
    curves = {"one": (4.0, -3.0, -0.2, 900), "two": (6.0, -5.0, -0.4, 700), "none": None}
    for name, curve in curves.items():
        calibration = {} if curve is None else {"y": Calibration(*curve)}
        checkpoint.publish(tmp_path / "checkpoints", name, IIAE(preset), calibration=calibration, **about)
    command = ["calibrate", "none", "--home", str(tmp_path)]
    refused = CliRunner().invoke(app, [*command, "--like", "one", "--like", "none"])
    assert refused.exit_code == 2
    assert CliRunner().invoke(app, [*command, "--like", "one", "--like", "two"]).exit_code == 0
    manifest = checkpoint.read_manifest(checkpoint.find(tmp_path / "checkpoints", "none"))
    curve = manifest.calibration["y"]
    assert (curve.slope, curve.intercept, curve.crowd, curve.largest) == (5.0, -4.0, pytest.approx(-0.3), 700)
    assert manifest.score("y", 0.8, 1) == pytest.approx(0.5)
    assert manifest.score("y", 0.8, 100) < 0.25
    assert manifest.score("x", 0.3, 100) == 0.3
