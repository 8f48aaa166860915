"""Scores that are probabilities: fitted on pairs whose truth is known, and judged."""

from dataclasses import replace

import pytest
import torch
from typer.testing import CliRunner

from model import checkpoint
from model.calibration import Calibration, expected_error, fit
from model.cli import app
from model.iiae import IIAE
from model.presets import PRESETS


def drawn(count: int, slope: float, intercept: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines, and whether each is a hit, by a known curve."""
    generator = torch.Generator().manual_seed(0)
    cosines = torch.rand(count, generator=generator) * 2 - 1
    probabilities = (slope * cosines + intercept).sigmoid()
    return cosines, torch.rand(count, generator=generator) < probabilities


def test_the_curve_that_made_the_hits_is_found():
    cosines, relevant = drawn(200_000, 9.0, -4.0)
    found = fit(cosines, relevant, prior=float(relevant.float().mean()))
    assert (found.slope, found.intercept) == pytest.approx((9.0, -4.0), abs=0.15)


def test_another_share_of_hits_moves_the_curve_and_keeps_its_slope():
    cosines, relevant = drawn(200_000, 9.0, -4.0)
    rare = fit(cosines, relevant, prior=0.04)
    kept = relevant & (torch.arange(len(relevant)) % 10 == 0) | ~relevant  # a tenth of the hits
    thinned = fit(cosines[kept], relevant[kept], prior=float(relevant[kept].float().mean()))
    odds = torch.logit(torch.tensor([0.04, float(relevant[kept].float().mean())], dtype=torch.float64))
    assert rare.slope == pytest.approx(thinned.slope, rel=0.05)
    assert rare.intercept - thinned.intercept == pytest.approx(float(odds[0] - odds[1]), abs=0.15)


def test_probabilities_rise_with_the_cosine_and_stay_between_0_and_1():
    curve = Calibration(9.0, -4.0)
    said = [curve.probability(cosine / 10) for cosine in range(-10, 11)]
    assert said == sorted(said)
    assert 0 < said[0] < 0.001
    assert 0.99 < said[-1] < 1


def test_hits_that_a_threshold_parts_give_a_finite_slope():
    cosines = torch.linspace(-1, 1, 100)
    found = fit(cosines, cosines > 0)
    assert 5 < found.slope < 1e4
    assert fit(cosines, cosines > 0, prior=0.5).slope < 20  # by Platt's targets; by 0 and 1 as steep as the search for it goes


def test_pairs_of_one_kind_cannot_be_fitted():
    with pytest.raises(ValueError, match="two"):
        fit(torch.zeros(3), torch.ones(3, dtype=torch.bool))


def test_the_error_is_what_is_said_less_what_is_so():
    assert expected_error(torch.full((10,), 0.8), torch.arange(10) < 8) == pytest.approx(0, abs=1e-6)
    assert expected_error(torch.full((10,), 0.8), torch.arange(10) < 3) == pytest.approx(0.5, abs=1e-6)
    assert expected_error(torch.ones(10), torch.arange(10) < 7) == pytest.approx(0.3, abs=1e-6)


def test_a_model_without_held_out_classes_takes_the_mean_of_others_curves(tmp_path):
    torch.manual_seed(0)
    preset = replace(PRESETS["sketchy"], backbone=None, shared_encoder="linear", zs_size=8, feature_size=16)
    about = {"trained_on": "nothing", "terms": "none", "command": "a test", "seed": 0, "data_fingerprint": "0"}
    curves = {"one": (4.0, -3.0), "two": (6.0, -5.0), "none": None}
    for name, curve in curves.items():
        calibration = {} if curve is None else {"y": Calibration(*curve)}
        checkpoint.publish(tmp_path / "checkpoints", name, IIAE(preset), calibration=calibration, **about)
    command = ["calibrate", "none", "--home", str(tmp_path)]
    refused = CliRunner().invoke(app, [*command, "--like", "one", "--like", "none"])
    assert refused.exit_code == 2
    assert CliRunner().invoke(app, [*command, "--like", "one", "--like", "two"]).exit_code == 0
    manifest = checkpoint.read_manifest(checkpoint.find(tmp_path / "checkpoints", "none"))
    assert manifest.calibration == {"y": Calibration(5.0, -4.0)}
    assert manifest.score("y", 0.8) == pytest.approx(0.5)
    assert manifest.score("x", 0.3) == 0.3
