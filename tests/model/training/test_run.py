"""Training runs: resuming after a kill, logs, warm-up, weight averaging, model selection."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch

from model.data.synthetic import SyntheticPairs
from model.evaluation.retrieval import retrieval_validation
from model.iiae import IIAE
from model.objective import OBJECTIVES, statistics_of
from model.presets import PRESETS
from model.storage import FileDamaged, read_tensors
from model.training import loop
from model.training.averaging import NORM_BATCHES
from model.training.errors import TrainingError
from model.training.loop import BEST, STATE, check_extra
from model.training.run import Plan, Run

PRESET = replace(PRESETS["facades"], image_size=32, width=0.125, batch_size=4, lam=5.0, annealing=100.0)
STEPS = 60
PLAN = Plan(
    steps=STEPS,
    validate_every=20,
    save_every=10,
    sample_every=20,
    log_every=5,
    precision="32-true",
    accelerator="cpu",
    warmup=15,
)


def run_in(folder, plan=PLAN, *, pause=0.0, **changes) -> Run:
    torch.manual_seed(0)
    return Run(
        folder,
        IIAE(replace(PRESET, **changes)),
        SyntheticPairs(64, 32),
        plan,
        validate=retrieval_validation(SyntheticPairs(16, 32, seed=1)),
        sample=lambda iiae, path: path.write_bytes(b"grid"),
        report=lambda progress: time.sleep(pause),
    )


def saved(folder):
    return read_tensors(folder / STATE)[0]


def assert_same_state(first, second):
    one, two = saved(first), saved(second)
    assert one.keys() == two.keys()
    assert all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize("average", [0.0, 0.9])
def test_killed_and_resumed_run_ends_with_the_same_weights(tmp_path, average):
    """A child process is killed with SIGKILL; the resumed run equals the uninterrupted one bit by bit."""
    plan = replace(PLAN, average=average)
    uninterrupted, killed = tmp_path / "uninterrupted", tmp_path / "killed"
    run_in(uninterrupted, plan).train()
    script = (
        f"import sys; sys.path.insert(0, {os.path.dirname(__file__)!r}); from dataclasses import replace; "
        "from pathlib import Path; from test_run import PLAN, run_in; "
        f"run_in(Path({str(killed)!r}), replace(PLAN, average={average}), pause=0.2).train()"
    )
    child = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "OMP_NUM_THREADS": "1"})
    deadline = time.monotonic() + 60
    while not (killed / STATE).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    resumed = run_in(killed, plan)
    assert resumed.resume()
    assert 0 < resumed.step < STEPS
    resumed.train()
    assert (killed / BEST).exists()
    assert_same_state(uninterrupted, killed)


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_run_of_every_objective_can_be_resumed(tmp_path, objective):
    """`elbo` and `ii` give some parameters no gradient, so Adam has no state for them."""
    plan = replace(PLAN, steps=12, objective=objective)
    run_in(tmp_path / "whole", plan).train()
    interrupted = run_in(tmp_path / "halves", plan)

    def interrupt(progress):
        if progress.step == 10:
            interrupted.save()
            raise Interrupted

    interrupted.report = interrupt
    with pytest.raises(Interrupted):
        interrupted.train()
    resumed = run_in(tmp_path / "halves", plan)
    assert resumed.resume()
    assert resumed.step == 10
    resumed.train()
    assert_same_state(tmp_path / "whole", tmp_path / "halves")


def test_every_named_term_is_logged_and_samples_are_drawn(tmp_path):
    run_in(tmp_path).train()
    names = {line.split(",")[1] for line in (tmp_path / "metrics.csv").read_text().splitlines()[1:]}
    terms = {"log_px", "log_py", "kl_zx", "kl_zy", "kl_zs", "kl_rx", "kl_ry"}
    assert terms | {"validation", "top1_shared_xy"} <= names
    assert list((tmp_path / "tensorboard").iterdir())
    assert len(list(tmp_path.glob("samples-*.png"))) == STEPS // 20


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_trains_its_networks(tmp_path, objective):
    run = run_in(tmp_path, replace(PLAN, steps=10, objective=objective))
    before = {key: value.clone() for key, value in run.iiae.named_parameters()}
    run.train()
    changed = {
        key.split(".")[0] for key, value in run.iiae.named_parameters() if not torch.equal(value, before[key])
    }
    assert {"fe", "q_zs", "p"} <= changed
    assert ("r_zs" in changed) == (objective != "elbo")
    assert ("q_z" in changed) == (objective != "ii")


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_batch_norms_see_one_pass_a_step(tmp_path, objective):
    """`ii` and `elbo+ii` decode twice, but only one decoding may set the running statistics."""
    run = run_in(tmp_path, replace(PLAN, steps=10, objective=objective))
    passes: list[dict[str, object]] = []
    run.iiae.register_forward_pre_hook(lambda iiae, args, named: passes.append(named), with_kwargs=True)
    run.train()
    counts = {int(value) for key, value in run.iiae.state_dict().items() if "num_batches_tracked" in key}
    assert counts == {10}
    assert {named["statistics_of"] for named in passes} == {statistics_of(objective)}


def test_shared_codes_find_their_partners_after_training(tmp_path):
    """The sum of both directions; chance is 2/16."""
    figures = run_in(tmp_path, replace(PLAN, steps=400)).train()
    assert figures["top1_shared_xy"] + figures["top1_shared_yx"] > 0.6


def test_learning_rate_warms_up_and_then_stays(tmp_path):
    run, rates = run_in(tmp_path, replace(PLAN, steps=20)), []
    run.report = lambda progress: rates.append(
        (progress.step, run.optimiser.param_groups[0]["lr"] / PRESET.learning_rate)
    )
    run.train()
    assert rates == [(step, pytest.approx(min(1, step / 15))) for step in (5, 10, 15, 20)]


def test_kept_weights_are_the_moving_average(tmp_path):
    """The average is computed here again, from the weights saved after each step."""
    average, decay = None, 0.8
    for step in range(1, 5):
        folder = tmp_path / str(step)
        run = run_in(folder, replace(PLAN, steps=step, validate_every=step, average=decay))
        run.train()  # loads the kept weights into the model
        last = saved(folder)["iiae.q_zs.0.weight"]
        average = last if average is None else decay * average + (1 - decay) * last
    torch.testing.assert_close(run.iiae.state_dict()["q_zs.0.weight"], average)
    assert not torch.allclose(average, last)
    counts = {int(value) for key, value in run.iiae.state_dict().items() if "num_batches_tracked" in key}
    assert counts == {NORM_BATCHES}  # the average has batch-norm statistics of its own


def test_the_best_weights_are_those_with_the_highest_validation_figure(tmp_path):
    run, weights = run_in(tmp_path), []
    figures = iter([0.2, 0.9, 0.5])

    def validate(iiae):
        weights.append(iiae.q_zs[0].weight.detach().clone())
        return {"validation": next(figures)}

    run.validate = validate
    assert run.train() == {"validation": 0.9, "step": 40.0}
    assert torch.equal(run.iiae.q_zs[0].weight, weights[1])


@pytest.mark.parametrize(
    ("plan", "changes"),
    [
        (PLAN, {"lam": 7.0}),
        (replace(PLAN, seed=1), {}),
        (replace(PLAN, objective="elbo"), {}),
        (replace(PLAN, recipe="small"), {}),
        (replace(PLAN, warmup=1), {}),
        (replace(PLAN, average=0.5), {}),
    ],
)
def test_a_run_with_other_settings_is_not_resumed(tmp_path, plan, changes):
    run_in(tmp_path, replace(PLAN, steps=2)).train()
    with pytest.raises(TrainingError, match="another preset, plan or data set"):
        run_in(tmp_path, plan, **changes).resume()


def flip_a_byte(path):
    data = bytearray(path.read_bytes())
    data[-10] ^= 1
    path.write_bytes(data)


def replace_by_fifo(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.timeout(60)  # opening a FIFO waits forever
@pytest.mark.parametrize("damage", [flip_a_byte, replace_by_fifo])
def test_a_damaged_save_is_not_resumed(tmp_path, damage):
    run_in(tmp_path, replace(PLAN, steps=10)).train()
    damage(tmp_path / STATE)
    with pytest.raises(FileDamaged, match=STATE):
        run_in(tmp_path, replace(PLAN, steps=10)).resume()


def test_resuming_without_a_save_starts_at_the_first_step(tmp_path):
    run = run_in(tmp_path)
    assert not run.resume()
    assert run.step == 0


def test_a_missing_package_is_named_before_the_run_starts(monkeypatch):
    monkeypatch.setattr(loop, "EXTRA", ("lightning_fabric", "no_such_package"))
    with pytest.raises(TrainingError, match=r"no_such_package.*pip install 'iiae\[train\]'"):
        check_extra()


def test_a_run_stops_at_its_time_and_resumes_to_the_same_weights(tmp_path):
    run_in(tmp_path / "whole").train()
    stopped = run_in(tmp_path / "parts")
    stopped.train(until=time.monotonic())
    assert stopped.step == 1
    assert stopped.best["step"] == 1
    resumed = run_in(tmp_path / "parts")
    assert resumed.resume()
    assert (resumed.step, resumed.seconds) == (1, stopped.seconds)
    resumed.train()
    assert resumed.seconds > stopped.seconds > 0
    assert_same_state(tmp_path / "whole", tmp_path / "parts")


def test_a_run_that_diverges_says_so(tmp_path):
    run = run_in(tmp_path)
    run.validate = lambda iiae: {"validation": float("nan")}
    with pytest.raises(TrainingError, match=r"after step 20.*lower the learning rate"):
        run.train()
