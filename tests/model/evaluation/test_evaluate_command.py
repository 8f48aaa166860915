"""`iiae evaluate` writes figures into the manifests of its own checkpoints only."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from model import checkpoint
from model.cli import app
from model.iiae import IIAE
from model.presets import PRESETS


@pytest.mark.parametrize(("store", "written"), [("package", False), ("checkpoints", True)])
def test_figures_are_not_written_into_manifests_of_the_package(tmp_path, monkeypatch, store, written):
    tiny = replace(PRESETS["facades"], reader="synthetic", image_size=32, width=0.125)
    folder = checkpoint.publish(
        tmp_path / store,
        "tiny",
        IIAE(tiny),
        trained_on="nothing",
        terms="none",
        command="a test",
        seed=0,
        data_fingerprint="0",
    )
    monkeypatch.setattr(checkpoint, "released", lambda: iter([folder] if store == "package" else []))
    result = CliRunner().invoke(
        app, ["evaluate", str(folder), "--data", str(tmp_path), "--limit", "4"], catch_exceptions=False
    )
    assert result.exit_code == 0
    assert bool(checkpoint.read_manifest(folder).metrics) == written
