"""Runs of the compared systems: resuming, and what validation measures."""

from dataclasses import replace

import pytest
import torch

from model.baselines.bicyclegan import BicycleGAN
from model.baselines.cddn import CdDN
from model.baselines.pix2pix import Pix2Pix
from model.baselines.run import TranslatorRun
from model.data.synthetic import SyntheticPairs
from model.evaluation.translation import translation_validation
from model.presets import PRESETS
from model.storage import read_tensors
from model.training.errors import TrainingError
from model.training.loop import STATE, Schedule

PRESET = replace(PRESETS["facades"], image_size=32, width=0.0625, batch_size=4)
SCHEDULE = Schedule(steps=4, validate_every=2, save_every=2, sample_every=2, log_every=1, accelerator="cpu")
SYSTEMS = [Pix2Pix, BicycleGAN, CdDN]


def run_in(folder, kind, schedule=SCHEDULE, **changes) -> TranslatorRun:
    torch.manual_seed(0)
    return TranslatorRun(
        folder,
        kind(replace(PRESET, **changes)),
        SyntheticPairs(12, 32),
        schedule,
        validate=translation_validation(SyntheticPairs(5, 32, seed=1), batch=2),
        sample=lambda system, path: path.write_bytes(b"grid"),
    )


@pytest.mark.parametrize("kind", SYSTEMS)
def test_a_resumed_run_ends_with_the_same_weights(tmp_path, kind):
    run_in(tmp_path / "whole", kind).train()
    run_in(tmp_path / "halves", kind, replace(SCHEDULE, steps=2)).train()
    resumed = run_in(tmp_path / "halves", kind)
    assert resumed.resume()
    assert resumed.step == 2
    figures = resumed.train()
    whole, halves = (read_tensors(tmp_path / name / STATE)[0] for name in ("whole", "halves"))
    assert whole.keys() == halves.keys()
    assert all(torch.equal(whole[key], halves[key]) for key in whole)
    assert {"validation", "l1_from_x", "l1_from_y", "step"} == set(figures)
    assert list((tmp_path / "halves").glob("samples-*.png"))
    logged = {
        line.split(",")[1] for line in (tmp_path / "whole" / "metrics.csv").read_text().splitlines()[1:]
    }
    assert any(name.endswith("_from_x") for name in logged) and "validation" in logged


@pytest.mark.parametrize("changes", [{"width": 0.125}, {"learning_rate": 1e-3}])
def test_a_run_with_other_settings_is_not_resumed(tmp_path, changes):
    run_in(tmp_path, Pix2Pix, replace(SCHEDULE, steps=2)).train()
    for other in (run_in(tmp_path, Pix2Pix, **changes), run_in(tmp_path, CdDN, system="cddn")):
        with pytest.raises(TrainingError, match="another preset, plan or data set"):
            other.resume()
