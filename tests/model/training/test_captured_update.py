"""Steps replayed as a CUDA graph, where there is a CUDA device: the same training as kernel by kernel."""

from dataclasses import replace

import pytest
import torch

from model.data.synthetic import SyntheticPairs
from model.distributions import Gaussian
from model.iiae import IIAE
from model.objective import OBJECTIVES
from model.presets import PRESETS
from model.storage import read_tensors
from model.training.loop import STATE
from model.training.run import Plan, Run

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
PRESET = replace(PRESETS["facades"], image_size=32, width=0.25, batch_size=4, lam=5.0, dropout=0.0)
PLAN = Plan(steps=20, validate_every=20, save_every=10, precision="32-true", warmup=5)


def run_in(folder, plan) -> Run:
    torch.manual_seed(0)
    return Run(folder, IIAE(PRESET), SyntheticPairs(16, 32), plan, validate=lambda iiae: {"validation": 1.0})


def weights(folder):
    return {key: value for key, value in read_tensors(folder / STATE)[0].items() if value.is_floating_point()}


@pytest.fixture
def no_noise(monkeypatch):
    """A graph draws from torch's own generator, so its noise is other noise."""
    monkeypatch.setattr(Gaussian, "sample", lambda self, generator=None: self.mean)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_replayed_run_ends_with_the_same_weights_as_a_launched_one(tmp_path, objective, no_noise):
    """After a few steps; in the long run, other orders of sums lead to other weights."""
    plan = replace(PLAN, objective=objective, steps=3, save_every=3, validate_every=3)
    for name, captured in (("replayed", True), ("launched", False)):
        run_in(tmp_path / name, replace(plan, cuda_graph=captured)).train()
    replayed, launched = weights(tmp_path / "replayed"), weights(tmp_path / "launched")
    assert replayed.keys() == launched.keys()
    before = {f"iiae.{key}": value for key, value in run_in(tmp_path, plan).iiae.state_dict().items()}
    moved = [key for key in launched if key in before and not torch.equal(launched[key], before[key])]
    assert moved
    for key in moved:
        length = (launched[key] - before[key]).norm()
        assert (replayed[key] - launched[key]).norm() < 0.2 * length


def test_each_replayed_step_draws_other_noise(tmp_path):
    """With a learning rate of nothing, the terms of the same pairs differ by their noise only."""
    torch.manual_seed(0)
    found = []
    run = Run(
        tmp_path,
        IIAE(replace(PRESET, learning_rate=1e-30, batch_size=16)),
        SyntheticPairs(16, 32),
        replace(PLAN, steps=4, log_every=1, validate_every=4, save_every=4),
        validate=lambda iiae: {"validation": 1.0},
        report=lambda progress: found.append(progress.terms["log_px"]),
    )
    run.train()
    assert len(set(found)) == 4


def test_the_noise_of_a_replayed_step_depends_on_the_step_only(tmp_path):
    """The second half, resumed, ends as the whole does; weights may differ by the order of sums."""
    run_in(tmp_path / "whole", PLAN).train()
    run_in(tmp_path / "halves", replace(PLAN, steps=10)).train()
    resumed = run_in(tmp_path / "halves", PLAN)
    assert resumed.resume()
    resumed.train()
    whole, halves = weights(tmp_path / "whole"), weights(tmp_path / "halves")
    for key, value in whole.items():
        torch.testing.assert_close(halves[key], value, rtol=1e-2, atol=1e-4)
