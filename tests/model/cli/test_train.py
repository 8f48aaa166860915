"""`iiae train`: each preset has its own options; the options become a plan."""

import json
import os
from dataclasses import replace

import pytest
import torch
from typer.testing import CliRunner

from model import checkpoint
from model.cli import train_image
from model.cli.app import app
from model.cli.train_image import ImageTraining
from model.cli.train_sketch import SketchTraining
from model.data.synthetic import SyntheticPairs
from model.presets import PRESETS
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.training import SketchPlan
from model.training.recipe import START_LOG_VAR
from model.training.run import Plan

IMAGE_PRESETS = [name for name, preset in PRESETS.items() if preset.sketch is None]
SKETCH_PRESETS = [name for name, preset in PRESETS.items() if preset.sketch is not None]
SMALL = ["--reader", "synthetic", "--image-size", "32", "--width", "0.125", "--batch", "4", "--steps", "6"]


def _recorder(plans: list[object]):
    def record(self):
        plans.append(self)

    return record


@pytest.fixture
def planned(monkeypatch):
    """The plans that commands build, instead of training runs."""
    plans: list[ImageTraining | SketchTraining] = []
    for training in (ImageTraining, SketchTraining):
        monkeypatch.setattr(training, "run", _recorder(plans))
    return plans


def invoke(*words: object):
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["train", *map(str, words)])


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


@pytest.mark.parametrize("name", SKETCH_PRESETS)
@pytest.mark.parametrize(
    "option",
    [
        ("--average", ".9"),
        ("--warmup", "10"),
        ("--workers", "2"),
        ("--width", ".5"),
        ("--reader", "paired"),
        ("--dropout", "0"),
        ("--every", "10"),
        ("--recipe", "small"),
        ("--printed",),
    ],
    ids=lambda option: option[0],
)
def test_sketch_presets_refuse_image_options(planned, tmp_path, name, option):
    done = invoke(name, "--data", tmp_path, "--home", tmp_path, *option)
    assert done.exit_code == 2
    assert "No such option" in done.output
    assert planned == []


@pytest.mark.parametrize(
    ("words", "choices"),
    [
        (("facades", "--objective", "gan"), ("iiae", "elbo+ii")),
        (("facades", "--reader", "sketchy"), ("paired", "synthetic")),
        (("facades", "--device", "tpu"), ("auto", "cpu", "cuda")),
        (("facades", "--recipe", "ours"), ("paper", "small")),
        (("sketchy", "--backbone", "vgg"), ("efficientnet-lite0",)),
        (("no-preset",), ("No such command",)),
        (("facades", "--name", "Upper Case"), ("lower-case",)),
        (("facades", "--image-size", "50"), ("multiple of 32",)),
        (("facades", "--domains", "one", "one"), ("different names",)),
    ],
)
def test_wrong_values_are_refused_and_the_choices_are_named(planned, tmp_path, words, choices):
    done = invoke(*words, "--data", tmp_path, "--home", tmp_path)
    assert done.exit_code == 2
    assert all(choice in " ".join(done.output.split()) for choice in choices)
    assert planned == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is present")
@pytest.mark.parametrize("name", ["facades", "sketchy"])
def test_cuda_is_refused_without_a_device(planned, tmp_path, name):
    done = invoke(name, "--data", tmp_path, "--home", tmp_path, "--device", "cuda")
    assert done.exit_code == 2
    assert "no CUDA device was found" in done.output
    assert planned == []


@pytest.mark.parametrize("name", IMAGE_PRESETS)
def test_without_options_an_image_preset_is_trained_as_the_paper_does(planned, tmp_path, name):
    assert invoke(name, "--data", tmp_path, "--home", tmp_path).exit_code == 0
    (training,) = planned
    assert training.preset == PRESETS[name]
    every = {"validate_every": 500, "save_every": 500, "sample_every": 500}
    assert training.plan == Plan(steps=10_000, recipe="paper", warmup=0, average=0.0, **every)


@pytest.mark.parametrize("name", SKETCH_PRESETS)
def test_without_options_a_sketch_preset_is_trained_unchanged(planned, tmp_path, name):
    assert invoke(name, "--data", tmp_path, "--home", tmp_path).exit_code == 0
    (training,) = planned
    assert training.preset == PRESETS[name]
    assert training.plan == SketchPlan(recipe=Recipe())


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


def test_sketch_options_reach_the_plan(planned, tmp_path):
    recipe = {"epochs": 7, "runs": 5, "imagenet": 0.2, "jitter": 0.01, "ink_dropout": 0.3, "seed": 3}
    words = [word for key, value in recipe.items() for word in (f"--{key.replace('_', '-')}", value)]
    done = invoke(
        *("sketchy", "--data", tmp_path, "--home", tmp_path, "--unseen", "sketchy-21", *words),
        *("--hold-out", 0.2, "--steps", 24, "--objective", "ii", "--learning-rate", 0.1, "--batch", 10),
        *("--backbone", "efficientnet-lite0", "--image-size", 160, "--backbone-of", "other"),
        *("--device", "cpu"),
    )
    assert done.exit_code == 0, done.output
    (training,) = planned
    assert training.plan == SketchPlan(recipe=Recipe(**recipe), held_out=0.2, steps=24, objective="ii")
    sketch = replace(PRESETS["sketchy"].require_sketch(), backbone="efficientnet-lite0")
    changes = {"learning_rate": 0.1, "batch_size": 10, "image_size": 160, "sketch": sketch}
    assert training.preset == replace(PRESETS["sketchy"], **changes)
    assert (training.unseen, training.backbone_of) == ("sketchy-21", "other")
    assert training.device == torch.device("cpu")


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
def test_the_recipe_decides_the_start_of_the_exclusive_codes(tmp_path, recipe):
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
