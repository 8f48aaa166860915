"""`iiae train` for image models: the options become a plan, and the plan becomes a published model."""

import json
import os
from dataclasses import replace

import pytest
import torch
from train_command import SMALL, invoke

from model import checkpoint
from model.cli import train_image
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


@pytest.mark.parametrize("recipe", ["paper", "small"])
def test_only_the_small_recipe_augments_and_validation_pairs_choose_the_weights(
    tmp_path, monkeypatch, recipe
):
    opened: list[tuple[str, bool]] = []

    def open_pairs(reader, folder, split, image_size, domains, *, augment):
        opened.append((split, augment))
        return SyntheticPairs(8, image_size, domains=domains)

    monkeypatch.setattr(train_image, "open_pairs", open_pairs)
    assert (
        invoke("facades", "--data", tmp_path, "--home", tmp_path, "--recipe", recipe, *SMALL).exit_code == 0
    )
    assert opened == [("train", recipe == "small"), ("val", recipe == "small")]


def test_a_run_of_another_recipe_is_not_resumed(tmp_path):
    words = ("facades", "--data", tmp_path, "--home", tmp_path, *SMALL)
    assert invoke(*words).exit_code == 0
    again = invoke(*words, "--resume", "--recipe", "small")
    assert again.exit_code == 1
    assert "another preset, plan or data set" in str(again.exception)
    saved = json.dumps(sorted(os.listdir(tmp_path / "checkpoints" / "facades")))
    assert saved.count("Z-") == 1
