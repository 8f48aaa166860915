"""`iiae figure`: the default kind, and the options and kinds that do not apply."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from model import checkpoint
from model.cli.app import app
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


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("facades", ("--kind", "classes"), "facades is an image model, which has translations and analogies"),
        ("facades", ("--kind", "search"), "facades is an image model"),
        ("facades", ("--unseen", "sketchy-25"), "--unseen"),
        ("facades", ("--kind", "analogies", "--seed", "1"), "--seed"),
        ("sketchy", ("--kind", "translations"), "sketchy is a sketch model, which has search and classes"),
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
