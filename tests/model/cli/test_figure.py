"""`iiae figure`: the default kind, and the options and kinds that do not apply."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from model import checkpoint
from model.baselines.systems import translator_of
from model.cli.app import app
from model.cli.figure import kinds_of
from model.iiae import IIAE
from model.presets import PRESETS
from model.training.scalar_log import METRICS
from model.translator_inference import TranslatorInference

TINY = replace(PRESETS["facades"], reader="synthetic", image_size=32, width=0.125)
PROVENANCE = {
    "trained_on": "nothing",
    "terms": "none",
    "command": "a test",
    "seed": 0,
    "data_fingerprint": "0",
}


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        (
            "facades",
            ("--kind", "classes"),
            "facades is an image model, which has translations, analogies, retrieval and curves",
        ),
        ("facades", ("--kind", "search"), "facades is an image model"),
        ("facades", ("--unseen", "sketchy-25"), "--unseen"),
        ("facades", ("--kind", "analogies", "--seed", "1"), "--seed"),
        (
            "sketchy",
            ("--kind", "translations"),
            "sketchy is a sketch model, which has search, classes and curves",
        ),
        ("sketchy", ("--kind", "retrieval"), "sketchy is a sketch model"),
        ("facades", ("--kind", "retrieval", "--unseen", "sketchy-25"), "--unseen"),
        ("facades", ("--beside", "mnist-cdcb"), "--beside"),
        ("facades", ("--kind", "curves"), "--data"),
        ("sketchy", ("--split", "val"), "--split"),
        ("sketchy", ("--kind", "classes", "--count", "3"), "--count"),
        ("sketchy", ("--kind", "classes", "--seed", "3"), "--seed"),
    ],
)
def test_kinds_and_options_that_do_not_apply_are_refused(tmp_path, monkeypatch, name, options, says):
    for function in ("load", "load_parts"):
        monkeypatch.setattr(checkpoint, function, lambda *_: pytest.fail("the checkpoint was loaded"))
    out = tmp_path / "figure.png"
    runner = CliRunner(env={"COLUMNS": "200"})
    done = runner.invoke(app, ["figure", name, "--data", str(tmp_path), "--out", str(out), *options])
    assert done.exit_code == 2
    assert says in " ".join(done.output.split())
    assert not out.exists()


@pytest.mark.parametrize("options", [(), ("--kind", "retrieval")])
def test_every_kind_but_curves_needs_the_data(tmp_path, monkeypatch, options):
    monkeypatch.setattr(checkpoint, "load", lambda *_: pytest.fail("the checkpoint was loaded"))
    words = ["figure", "facades", "--out", str(tmp_path / "figure.png"), *options]
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, words)
    assert done.exit_code == 2
    assert "--data" in done.output and "needs the folder of the data" in done.output


@pytest.mark.parametrize(
    ("system", "kinds"),
    [
        ("iiae", ("translations", "analogies", "retrieval", "curves")),
        ("cddn", ("translations", "analogies", "retrieval", "curves")),
        ("bicyclegan", ("translations", "curves")),
        ("pix2pix", ("translations", "curves")),
    ],
)
def test_a_system_has_the_kinds_that_its_codes_allow(system, kinds):
    """The capabilities of the loaded model say the same as the preset does."""
    preset = replace(TINY, system=system, width=0.0625)
    assert kinds_of(preset) == kinds
    if system != "iiae":
        has = TranslatorInference(translator_of(preset), torch.device("cpu")).capabilities
        assert ({"analogy", "retrieve"} <= has) == ("retrieval" in kinds)


def test_a_kind_that_a_compared_system_lacks_is_refused_with_those_it_has(tmp_path):
    system = translator_of(replace(TINY, system="pix2pix", width=0.0625))
    checkpoint.publish(tmp_path / "checkpoints", "tiny", system, **PROVENANCE)
    words = ["figure", "tiny", "--data", str(tmp_path), "--home", str(tmp_path), "--kind", "analogies"]
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*words, "--out", str(tmp_path / "figure.png")])
    assert done.exit_code == 2
    assert "tiny is a pix2pix model, which has translations and curves" in done.output


@pytest.mark.parametrize("kind", ["analogies", "retrieval"])
def test_the_other_kinds_of_an_image_model_are_drawn(tmp_path, kind):
    checkpoint.publish(tmp_path / "checkpoints", "tiny", IIAE(TINY), **PROVENANCE)
    out = tmp_path / "figure.png"
    words = ["figure", "tiny", "--data", str(tmp_path), "--home", str(tmp_path), "--out", str(out)]
    assert CliRunner().invoke(app, [*words, "--kind", kind, "--count", "2"]).exit_code == 0
    columns = {"analogies": 6, "retrieval": 10}[kind]
    assert columns * 64 < Image.open(out).width < columns * 64 + 60


def test_curves_are_drawn_of_runs_in_home_without_a_checkpoint(tmp_path):
    out = tmp_path / "curves.png"
    words = ["figure", "one", "--home", str(tmp_path), "--out", str(out), "--kind", "curves"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1
    assert str(tmp_path / "runs" / "one") in str(done.exception) and not out.exists()
    for name in ("one", "two"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        rows = "".join(f"{step},kl_zs,3\n{step},kl_rx,2\n" for step in (50, 100))
        (tmp_path / "runs" / name / METRICS).write_text(f"step,name,value\n{rows}")
    assert CliRunner().invoke(app, words).exit_code == 0
    one = Image.open(out).height
    assert CliRunner().invoke(app, [*words, "--beside", "two"]).exit_code == 0
    same = CliRunner().invoke(app, [*words, "--beside", "one"])
    assert same.exit_code == 2 and "--beside" in same.output
    assert Image.open(out).height > 1.5 * one  # a row for each panel instead of one for both


def test_translations_are_drawn_by_default_and_the_seed_chooses_styles(tmp_path):
    iiae = IIAE(TINY)
    for parameter in iiae.parameters():
        parameter.data.mul_(4)  # an untrained model's styles differ visibly only with large weights
    checkpoint.publish(tmp_path / "checkpoints", "tiny", iiae, **PROVENANCE)
    pictures = {}
    for name, options in {"default": (), "again": ("--seed", "0"), "other": ("--seed", "1")}.items():
        out = tmp_path / f"{name}.png"
        words = ["figure", "tiny", "--data", str(tmp_path), "--home", str(tmp_path), "--out", str(out)]
        assert CliRunner().invoke(app, [*words, "--count", "2", *options]).exit_code == 0
        pictures[name] = np.asarray(Image.open(out))
    assert (pictures["default"] == pictures["again"]).all()
    assert (pictures["default"] != pictures["other"]).any()


@pytest.mark.parametrize(
    ("out", "says"), [("nowhere/out.png", "not exist"), ("out.xyz", "end it with"), (".", "")]
)
def test_a_picture_that_cannot_be_written_is_refused_before_loading(tmp_path, monkeypatch, out, says):
    monkeypatch.setattr(checkpoint, "load", lambda *_: pytest.fail("loaded"))
    words = ["figure", "facades", "--data", str(tmp_path), "--out", str(tmp_path / out)]
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, says in " ".join(done.output.split())) == (2, True), done.output
