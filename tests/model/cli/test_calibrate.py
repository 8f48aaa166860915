"""`iiae calibrate`: the mean of other models' curves."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from model import checkpoint
from model.cli.app import app
from model.iiae import IIAE
from model.presets import PRESETS, SketchInput
from model.sketch.backbone.backbone import backbone_for
from model.sketch.calibration import Calibration

PRESET = replace(PRESETS["sketchy"], sketch=SketchInput(encoders="linear_each", feature_size=16), zs_size=8)
PROVENANCE = {
    "trained_on": "nothing",
    "terms": "none",
    "command": "a test",
    "seed": 0,
    "data_fingerprint": "0",
}


@pytest.fixture
def store(tmp_path):
    curves = {
        "one": (4.0, -3.0, -0.2, 900, 0.75, 0.25),
        "two": (6.0, -5.0, -0.4, 700, 1.0, 0.5),
        "none": None,
    }
    for name, curve in curves.items():
        calibration = {} if curve is None else {"y": Calibration(*curve)}
        checkpoint.publish(
            tmp_path / "checkpoints", name, IIAE(PRESET), calibration=calibration, **PROVENANCE
        )
    return tmp_path / "checkpoints"


def test_a_model_trained_on_all_classes_gets_the_mean_curve_of_others(store):
    command = ["calibrate", "none", "--home", str(store.parent), "--like", "one", "--like", "two"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0
    assert "queries of y" in result.output
    assert "strong from 1.00, possible from 0.50" in result.output
    manifest = checkpoint.read_manifest(checkpoint.find(store, "none"))
    curve = manifest.calibration["y"]
    assert (curve.slope, curve.intercept, curve.crowd, curve.largest) == (5.0, -4.0, pytest.approx(-0.3), 700)
    assert (curve.strong, curve.possible) == (1.0, 0.5)  # the strictest
    assert manifest.score("y", 0.8, 1) == pytest.approx(0.5)
    assert manifest.score("y", 0.8, 100) < 0.25
    assert manifest.score("x", 0.3, 100) == 0.3


def test_a_model_without_a_calibration_is_refused_as_an_example(store):
    command = ["calibrate", "none", "--home", str(store.parent), "--like", "one", "--like", "none"]
    refused = CliRunner(env={"COLUMNS": "200"}).invoke(app, command)
    assert refused.exit_code == 2
    assert "none has no calibration" in refused.output


def test_curves_of_another_kind_of_search_are_refused(store):
    sketch = replace(PRESET.require_sketch(), things=3, thing_size=4)
    iiae, backbone = IIAE(replace(PRESET, sketch=sketch)), backbone_for(sketch)
    checkpoint.publish(store, "things", iiae, backbone, calibration={}, **PROVENANCE)
    command = ["calibrate", "things", "--home", str(store.parent), "--like", "one"]
    refused = CliRunner(env={"COLUMNS": "200"}).invoke(app, command)
    assert refused.exit_code == 2
    assert "one compares pictures in another way than things" in refused.output
    assert checkpoint.read_manifest(checkpoint.find(store, "things")).calibration == {}
    for name, weight in (("like", 3.0), ("unlike", 2.0)):
        other = replace(sketch, drawn_thing_weight=weight)
        checkpoint.publish(
            store,
            name,
            IIAE(replace(PRESET, sketch=other)),
            backbone_for(other),
            calibration={"y": Calibration(4.0, -3.0)},
            **PROVENANCE,
        )
    command = ["calibrate", "unlike", "--home", str(store.parent), "--like"]
    assert CliRunner().invoke(app, [*command, "like"]).exit_code == 2
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*command, "unlike"])
    assert done.exit_code == 0
    assert "no curve for queries of x, y_expanded, drawn_x, drawn_y, drawn_y_expanded" in done.output
