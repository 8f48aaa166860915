"""`iiae evaluate`: where figures are written, and which options a kind of model refuses."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from model import checkpoint
from model.cli import evaluate
from model.cli.app import app
from model.evaluation.lpips import ALEX, Lpips
from model.iiae import IIAE
from model.presets import PRESETS

TINY = replace(PRESETS["facades"], reader="synthetic", image_size=32, width=0.125)
PROVENANCE = {
    "trained_on": "nothing",
    "terms": "none",
    "command": "a test",
    "seed": 0,
    "data_fingerprint": "0",
}


def test_figures_are_written_to_the_stores_manifests_only(tmp_path, monkeypatch):
    folders = {
        place: checkpoint.publish(tmp_path / place, "tiny", IIAE(TINY), **PROVENANCE)
        for place in ("package", "checkpoints")
    }
    monkeypatch.setattr(checkpoint, "released", lambda: iter([folders["package"]]))
    for place, is_written in (("package", False), ("checkpoints", True)):
        arguments = ["evaluate", str(folders[place]), "--data", str(tmp_path), "--limit", "4"]
        done = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert done.exit_code == 0
        assert bool(checkpoint.read_manifest(folders[place]).metrics) == is_written


def test_lpips_measures_how_translations_look_with_both_networks(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate, "load_lpips", lambda name: Lpips(ALEX))
    preset = replace(TINY, image_size=64)
    folder = checkpoint.publish(tmp_path / "checkpoints", "tiny", IIAE(preset), **PROVENANCE)
    arguments = ["evaluate", str(folder), "--data", str(tmp_path), "--limit", "4", "--lpips"]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    figures = checkpoint.read_manifest(folder).metrics
    expected = ("lpips_alex_xy", "lpips_vgg_sampled_yx", "lpips_vgg_reference_xy", "l1_from_x")
    assert all(figures[name] > 0 for name in expected) and "top1_shared_xy" in figures


def test_lpips_of_small_pictures_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate, "load_lpips", lambda name: pytest.fail("LPIPS was loaded"))
    folder = checkpoint.publish(tmp_path / "checkpoints", "tiny", IIAE(TINY), **PROVENANCE)
    done = CliRunner().invoke(app, ["evaluate", str(folder), "--data", str(tmp_path), "--lpips"])
    assert done.exit_code == 2 and "32 pixels" in done.output


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("facades", ("--unseen", "sketchy-25")),
        ("sketchy", ("--split", "test")),
        ("sketchy", ("--lpips",)),
        ("sketchy", ("--limit", "5")),
    ],
)
def test_options_of_the_other_kind_of_model_are_refused_before_loading(tmp_path, monkeypatch, name, option):
    monkeypatch.setattr(checkpoint, "load", lambda *_: pytest.fail("the checkpoint was loaded"))
    done = CliRunner().invoke(app, ["evaluate", name, "--data", str(tmp_path), *option])
    assert done.exit_code == 2
    assert option[0] in done.output
    assert "does not apply" in done.output


def test_json_is_printed_alone(tmp_path):
    folder = checkpoint.publish(tmp_path / "checkpoints", "tiny", IIAE(TINY), **PROVENANCE)
    arguments = ["evaluate", str(folder), "--data", str(tmp_path), "--limit", "4", "--json"]
    figures = json.loads(CliRunner().invoke(app, arguments, catch_exceptions=False).output)
    assert {"top1_shared_xy", "seed", "digest"} <= set(figures)
