"""A run that is killed and resumed ends with the weights of an undisturbed one; what is published can be loaded."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch

from model import checkpoint
from model.checkpoint import CheckpointError
from model.data.synthetic import SyntheticPairs
from model.evaluation.retrieval import retrieval_validation
from model.iiae import IIAE
from model.presets import PRESETS
from model.storage import read_tensors
from model.training import BEST, NORM_BATCHES, STATE, Plan, Run, TrainingError

PRESET = replace(PRESETS["facades"], image_size=32, width=0.125, batch_size=4, lam=5.0, annealing=100.0)
STEPS = 60


def run_in(folder, *, steps=STEPS, slow=0.0, objective="iiae", average=0.0, every=20, **changes) -> Run:
    torch.manual_seed(0)
    pairs, held = SyntheticPairs(64, 32), SyntheticPairs(16, 32, seed=1)
    plan = Plan(
        steps=steps,
        validate_every=every,
        save_every=10,
        sample_every=20,
        log_every=5,
        precision="32-true",
        accelerator="cpu",
        objective=objective,
        warmup=15,
        average=average,
    )
    return Run(
        folder,
        IIAE(replace(PRESET, **changes)),
        pairs,
        plan,
        validate=retrieval_validation(held),
        sample=lambda iiae, path: path.write_bytes(b"grid"),
        report=lambda progress: time.sleep(slow),
    )


@pytest.mark.parametrize("average", [0.0, 0.9])
def test_killed_and_resumed_reaches_the_same_weights(tmp_path, average):
    """A child is killed with SIGKILL in the middle; the resumed run equals the undisturbed one to the bit."""
    undisturbed = run_in(tmp_path / "a", average=average)
    undisturbed.train()
    script = (
        "import sys; sys.path.insert(0, {here!r}); from pathlib import Path; from test_training import run_in; "
        "run_in(Path({folder!r}), slow=0.2, average={average}).train()"
    )
    here, folder = os.path.dirname(__file__), tmp_path / "b"
    child = subprocess.Popen(
        [sys.executable, "-c", script.format(here=here, folder=str(folder), average=average)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    until = time.monotonic() + 60
    while not (folder / STATE).exists() and time.monotonic() < until:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    resumed = run_in(folder, average=average)
    assert resumed.resume()
    assert 0 < resumed.step < STEPS
    resumed.train()
    assert (folder / BEST).exists()
    first, second = (read_tensors(tmp_path / name / STATE)[0] for name in ("a", "b"))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_a_run_logs_every_named_term_and_draws_samples(tmp_path):
    run_in(tmp_path).train()
    names = {line.split(",")[1] for line in (tmp_path / "metrics.csv").read_text().splitlines()[1:]}
    assert {
        "log_px",
        "log_py",
        "kl_zx",
        "kl_zy",
        "kl_zs",
        "kl_rx",
        "kl_ry",
        "validation",
        "top1_shared_xy",
    } <= names
    assert list((tmp_path / "tensorboard").iterdir())
    assert len(list(tmp_path.glob("samples-*.png"))) == STEPS // 20


@pytest.mark.parametrize("objective", ["iiae", "elbo", "ii", "ii-mi", "elbo+ii"])
def test_every_objective_trains(tmp_path, objective):
    run = run_in(tmp_path, steps=10, objective=objective)
    before = {key: value.clone() for key, value in run.iiae.named_parameters()}
    run.train()
    moved = {
        key.split(".")[0] for key, value in run.iiae.named_parameters() if not torch.equal(value, before[key])
    }
    assert {"fe", "q_zs", "p"} <= moved
    assert ("r_zs" in moved) == (objective != "elbo")
    assert ("q_z" in moved) == (objective != "ii")


def test_training_learns_what_is_shared(tmp_path):
    """Enough steps on made-up pairs for the shared codes to find partners, far above chance (1/16)."""
    figures = run_in(tmp_path, steps=400).train()
    assert figures["top1_shared_xy"] + figures["top1_shared_yx"] > 0.6


def test_the_learning_rate_rises_to_its_own_and_stays(tmp_path):
    run, seen = run_in(tmp_path, steps=20), []
    run.report = lambda progress: seen.append(
        (progress.step, run.optimiser.param_groups[0]["lr"] / PRESET.learning_rate)
    )
    run.train()
    assert seen == [(step, pytest.approx(min(1, step / 15))) for step in (5, 10, 15, 20)]


def test_the_average_of_the_weights_is_what_is_kept(tmp_path):
    """Against the recurrence itself, over the weights that are saved after each step."""
    kept, decay = None, 0.8
    for step in range(1, 5):
        run = run_in(tmp_path / str(step), steps=step, every=step, average=decay)
        run.train()  # leaves the kept weights in the model; those of the last step are in its save
        last = read_tensors(tmp_path / str(step) / STATE)[0]["iiae.q_zs.0.weight"]
        kept = last if kept is None else decay * kept + (1 - decay) * last
    torch.testing.assert_close(run.iiae.state_dict()["q_zs.0.weight"], kept)
    assert not torch.allclose(kept, last)
    batches = [value for key, value in run.iiae.state_dict().items() if key.endswith("num_batches_tracked")]
    assert batches and {int(value) for value in batches} == {
        NORM_BATCHES
    }  # statistics of their own, not those of the last step


def test_resuming_another_preset_is_refused(tmp_path):
    run_in(tmp_path, steps=10).train()
    with pytest.raises(TrainingError, match="another preset"):
        run_in(tmp_path, lam=7.0).resume()


PROVENANCE = {
    "trained_on": "made-up pairs",
    "terms": "none",
    "command": "a test",
    "seed": 0,
    "data_fingerprint": "0",
}


def test_what_is_published_answers_as_what_was_trained(tmp_path):
    iiae = IIAE(PRESET).eval()
    folder = checkpoint.publish(tmp_path, "some", iiae, metrics={"top1_shared_xy": 0.5}, **PROVENANCE)
    assert checkpoint.find(tmp_path, "some") == folder
    assert checkpoint.read_manifest(folder).metrics == {"top1_shared_xy": 0.5}
    pixels = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(
        checkpoint.load(folder, torch.device("cpu")).shared("x", pixels), iiae.shared("x", pixels).mean
    )


def test_linear_encoders_are_one_after_loading_too(tmp_path):
    preset = replace(PRESETS["sketchy"], backbone=None, shared_encoder="linear", zs_size=16, feature_size=32)
    folder = checkpoint.publish(tmp_path, "linear", IIAE(preset), **PROVENANCE)
    loaded = checkpoint.load_parts(folder)[1]
    assert loaded.r_zs["x"] is loaded.r_zs["y"]


def test_newer_versions_come_last_and_unpublished_ones_are_not_seen(tmp_path):
    folders = [checkpoint.publish(tmp_path, "some", IIAE(PRESET), **PROVENANCE) for _ in range(2)]
    (tmp_path / ".some-half-written").mkdir()
    (tmp_path / "some" / "empty").mkdir()
    assert list(checkpoint.published(tmp_path)) == folders


def damage_weights(folder):
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def damage_manifest(folder):
    (folder / "manifest.json").write_text("{")


def another_format(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))


def lose_weights(folder):
    (folder / "weights.safetensors").unlink()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (damage_weights, "SHA-256"),
        (damage_manifest, "manifest"),
        (another_format, "format 99"),
        (lose_weights, "weights cannot be read"),
    ],
)
def test_broken_checkpoints_say_what_is_wrong(tmp_path, damage, says):
    folder = checkpoint.publish(tmp_path, "some", IIAE(PRESET), **PROVENANCE)
    damage(folder)
    with pytest.raises(CheckpointError, match=says):
        checkpoint.load(folder, torch.device("cpu"))


@pytest.mark.parametrize("name", ["../escape", "", "Capital", ".hidden", "a" * 65])
def test_names_that_could_leave_the_store_are_refused(tmp_path, name):
    with pytest.raises(CheckpointError, match="cannot be called"):
        checkpoint.publish(tmp_path, name, IIAE(PRESET), **PROVENANCE)
