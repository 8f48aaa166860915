"""`iiae train`: each preset has its own options; the options become a plan."""

import dataclasses

import pytest
import torch
from train_command import invoke

from model.presets import PRESETS
from model.training.run import Plan


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


@pytest.mark.parametrize("preset", PRESETS)
def test_training_promises_one_device_only(preset):
    """Distributed training does not exist, so no option or help text may mention it."""
    shown = invoke(preset, "--help").output.lower()
    assert "--device" in shown
    assert "torchrun" not in shown
    assert not {"rank", "world", "devices"} & {field.name for field in dataclasses.fields(Plan)}
