"""Steps replayed as a CUDA graph, where there is a CUDA device: the same training as kernel by kernel."""

from dataclasses import replace

import pytest
import torch

from model.data.synthetic import SyntheticPairs
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


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_replayed_run_ends_with_about_the_same_weights(tmp_path, objective):
    """Both draw other noise, because a graph draws from torch's own generator; only the means agree."""
    plan = replace(PLAN, objective=objective)
    for name, captured in (("replayed", True), ("launched", False)):
        run_in(tmp_path / name, replace(plan, cuda_graph=captured)).train()
    replayed, launched = weights(tmp_path / "replayed"), weights(tmp_path / "launched")
    assert replayed.keys() == launched.keys()
    before = {f"iiae.{key}": value for key, value in run_in(tmp_path, plan).iiae.state_dict().items()}
    for key, value in launched.items():
        if key in before and not torch.equal(value, before[key]):
            moved = (value - before[key]).norm()
            assert (replayed[key] - value).norm() < 1.5 * moved
            assert not torch.equal(replayed[key], before[key])


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
