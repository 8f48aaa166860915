"""`iiae train` for image models: the options become a plan, and the plan becomes a published model."""

import json
import os
from dataclasses import replace

import pytest
import torch
from train_command import SMALL, invoke
from typer.testing import CliRunner

from model import checkpoint
from model.cli import train_image
from model.cli.app import app
from model.data.synthetic import SyntheticPairs
from model.presets import PRESETS
from model.training.recipe import START_LOG_VAR
from model.training.run import Plan

IMAGE_PRESETS = [name for name, preset in PRESETS.items() if preset.sketch is None]


@pytest.mark.parametrize("name", IMAGE_PRESETS)
@pytest.mark.parametrize(
    "option",
    [
        ("--unseen", "sketchy-25"),
        ("--epochs", "9"),
        ("--backbone-of", "nope"),
        ("--printed",),
        ("--hold-out", ".3"),
        ("--backbone", "efficientnet-lite0"),
        ("--runs", "2"),
        ("--imagenet", ".1"),
        ("--jitter", ".1"),
        ("--ink-dropout", ".1"),
    ],
    ids=lambda option: option[0],
)
def test_image_presets_refuse_sketch_options(planned, tmp_path, name, option):
    done = invoke(name, "--data", tmp_path, "--home", tmp_path, *option)
    assert done.exit_code == 2
    assert "No such option" in done.output
    assert planned == []


@pytest.mark.parametrize("name", IMAGE_PRESETS)
def test_without_options_an_image_preset_is_trained_as_the_paper_does(planned, tmp_path, name):
    assert invoke(name, "--data", tmp_path, "--home", tmp_path).exit_code == 0
    (training,) = planned
    assert training.preset == PRESETS[name]
    every = {"validate_every": 500, "save_every": 500, "sample_every": 500}
    assert training.plan == Plan(steps=10_000, recipe="paper", warmup=0, average=0.0, **every)


def test_image_options_reach_the_plan(planned, tmp_path):
    done = invoke(
        *("facades", "--data", tmp_path, "--home", tmp_path, "--name", "mine", "--domains", "day", "night"),
        *("--image-size", 64, "--width", 0.5, "--batch", 4, "--lambda", 7, "--annealing", 60),
        *("--learning-rate", 0.01, "--dropout", 0.1, "--steps", 30, "--seed", 3, "--objective", "elbo"),
        *("--recipe", "small", "--every", 10, "--workers", 1, "--device", "cpu", "--warmup", 5),
        *("--average", 0.9, "--reader", "synthetic", "--half", "--resume"),
    )
    assert done.exit_code == 0, done.output
    (training,) = planned
    changes = {"image_size": 64, "width": 0.5, "batch_size": 4, "lam": 7.0, "annealing": 60.0}
    changes |= {"learning_rate": 0.01, "dropout": 0.1, "domains": ("day", "night"), "reader": "synthetic"}
    assert training.preset == replace(PRESETS["facades"], **changes)
    every = {"validate_every": 10, "save_every": 10, "sample_every": 10}
    plan = {
        "steps": 30,
        "seed": 3,
        "objective": "elbo",
        "recipe": "small",
        "workers": 1,
        "accelerator": "cpu",
    }
    assert training.plan == Plan(**plan, **every, warmup=5, average=0.9)
    assert (training.publication.name, training.publication.half, training.resume) == ("mine", True, True)


def test_training_publishes_the_weights_chosen_on_validation_pairs(tmp_path):
    assert invoke("facades", "--data", tmp_path, "--home", tmp_path, *SMALL).exit_code == 0
    folder = checkpoint.find(tmp_path / "checkpoints", "facades")
    manifest = checkpoint.read_manifest(folder)
    assert manifest.metrics["val_pairs"] == 64
    assert 0 < manifest.metrics["val_step"] <= 6
    assert all(key.startswith("val_") for key in manifest.metrics)
    assert "synthetic data" in manifest.trained_on
    assert checkpoint.load(folder, torch.device("cpu")).preset == manifest.preset


@pytest.mark.parametrize("recipe", ["paper", "small"])
def test_the_recipe_sets_the_start_of_the_exclusive_codes(tmp_path, recipe):
    options = ["--recipe", recipe, "--learning-rate", "1e-6", *SMALL]
    assert invoke("facades", "--data", tmp_path, "--home", tmp_path, *options).exit_code == 0
    iiae = checkpoint.load_parts(checkpoint.find(tmp_path / "checkpoints", "facades"))[1]
    log_var_bias = iiae.q_z["x"][-1].bias[iiae.preset.zx_size :]
    assert (float(log_var_bias.detach().mean()) == pytest.approx(START_LOG_VAR, abs=0.01)) == (
        recipe == "small"
    )


@pytest.mark.parametrize(
    ("options", "augments"),
    [
        ((), False),
        (("--recipe", "small"), True),
        (("--recipe", "small", "--no-augment"), False),
        (("--augment",), True),
        (("--system", "pix2pix"), True),
        (("--system", "cddn"), False),
        (("--system", "cddn", "--augment"), True),
    ],
)
def test_training_pairs_vary_as_the_recipe_or_the_systems_paper_has_it(
    tmp_path, monkeypatch, options, augments
):
    """The weights are chosen on the validation pairs."""
    opened: list[tuple[str, bool]] = []

    def open_pairs(reader, folder, split, image_size, domains, *, augment):
        opened.append((split, augment))
        return SyntheticPairs(8, image_size, domains=domains)

    monkeypatch.setattr(train_image, "open_pairs", open_pairs)
    words = ("--data", tmp_path, "--home", tmp_path, *options, *SMALL, "--reader", "paired", "--steps", 1)
    done = invoke("facades", *words)
    assert done.exit_code == 0
    assert opened == [("train", augments), ("val", augments)]


def test_a_run_of_another_recipe_is_not_resumed(tmp_path):
    words = ("facades", "--data", tmp_path, "--home", tmp_path, *SMALL)
    assert invoke(*words).exit_code == 0
    again = invoke(*words, "--resume", "--recipe", "small")
    assert again.exit_code == 1
    assert "another preset, plan or data set" in str(again.exception)
    saved = json.dumps(sorted(os.listdir(tmp_path / "checkpoints" / "facades")))
    assert saved.count("Z-") == 1


def test_augmentation_is_refused_for_data_that_cannot_vary(planned, tmp_path):
    (tmp_path / "train").mkdir()
    for name in ("cars", "mnist-cdcb"):
        refused = invoke(name, "--data", tmp_path, "--home", tmp_path, "--augment")
        assert refused.exit_code == 2 and "cannot vary from draw to draw" in refused.output
        assert invoke(name, "--data", tmp_path, "--home", tmp_path, "--recipe", "small").exit_code == 0
    assert len(planned) == 2


@pytest.mark.parametrize("system", ["iiae", "cddn"])
def test_a_run_with_other_augmentation_is_not_resumed(tmp_path, side_by_side_folder, system):
    words = ("facades", "--data", side_by_side_folder, "--home", tmp_path, *SMALL, "--reader", "paired")
    words += ("--system", system)
    assert invoke(*words, "--augment").exit_code == 0
    again = invoke(*words, "--no-augment", "--resume")
    assert again.exit_code == 1 and "with --augment True, not False" in str(again.exception)
    assert invoke(*words, "--augment", "--resume").exit_code == 0


def test_iiae_can_be_chosen_by_translation_as_other_systems_are(tmp_path):
    words = ("facades", "--data", tmp_path, "--home", tmp_path, *SMALL)
    assert invoke(*words, "--select", "translation").exit_code == 0
    metrics = checkpoint.read_manifest(checkpoint.find(tmp_path / "checkpoints", "facades")).metrics
    expected = -(metrics["val_l1_from_x"] + metrics["val_l1_from_y"]) / 2
    assert metrics["val_validation"] == pytest.approx(expected)
    assert "val_top1_shared_xy" not in metrics
    again = invoke(*words, "--resume")
    assert again.exit_code == 1 and "with --select translation, not retrieval" in str(again.exception)
    refused = invoke(*words, "--system", "cddn", "--select", "retrieval")
    assert refused.exit_code == 2 and "--select" in refused.output


@pytest.mark.parametrize("system", ["pix2pix", "bicyclegan", "cddn"])
def test_a_compared_system_is_trained_measured_and_drawn(tmp_path, system):
    """The same commands as for IIAE; the options of IIAE's objective are refused."""
    common = ("facades", "--data", tmp_path, "--home", tmp_path, "--name", system, "--system", system)
    small = ("--reader", "synthetic", "--image-size", 32, "--width", 0.0625, "--steps", 2, "--every", 1)
    assert invoke(*common, *small, "--batch", 4, "--device", "cpu").exit_code == 0
    folder = checkpoint.find(tmp_path / "checkpoints", system)
    manifest = checkpoint.read_manifest(folder)
    assert (manifest.preset.system, manifest.preset.batch_size) == (system, 4)
    assert manifest.metrics["val_step"] in {1, 2}
    assert list((tmp_path / "runs" / system).glob("samples-*.png"))
    for option in (("--lambda", 7), ("--objective", "elbo"), ("--recipe", "small"), ("--average", 0.9)):
        refused = invoke(*common, *small, *option)
        assert refused.exit_code == 2
        assert option[0] in refused.output
    runner = CliRunner()
    measured = runner.invoke(app, ["evaluate", system, "--data", str(tmp_path), "--home", str(tmp_path)])
    assert measured.exit_code == 0
    assert ("top1_shared_xy" in measured.output) == (system == "cddn")
    assert ("l1_from_x" in measured.output) == (system != "cddn")
    assert ("top1_translated_xy" in measured.output) == (system != "cddn")
    out = tmp_path / "grid.png"
    drawn = ["figure", system, "--data", str(tmp_path), "--home", str(tmp_path), "--out", str(out)]
    assert runner.invoke(app, drawn).exit_code == 0
    assert out.exists()
    analogies = runner.invoke(app, [*drawn, "--kind", "analogies"])
    assert analogies.exit_code == (0 if system == "cddn" else 2)
    curves = ["figure", system, "--home", str(tmp_path), "--out", str(out), "--kind", "curves"]
    assert runner.invoke(app, curves).exit_code == 0


@pytest.mark.parametrize(("system", "batch"), [("iiae", 8), ("pix2pix", 1), ("bicyclegan", 2), ("cddn", 4)])
def test_each_system_has_the_batch_size_of_its_paper(planned, tmp_path, system, batch):
    assert invoke("facades", "--data", tmp_path, "--home", tmp_path, "--system", system).exit_code == 0
    assert planned[0].preset.batch_size == batch
