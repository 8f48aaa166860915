"""Records the training runs that commands would start."""

from dataclasses import dataclass

import pytest

from model.cli import train_sketch
from model.cli.train_image import ImageTraining
from model.cli.train_sketch import SketchTraining
from model.sketch import calibration_fitting
from model.sketch.training import SketchPlan


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


@dataclass(frozen=True, kw_only=True)
class ShortPlan(SketchPlan):
    """Trains the decoders for a few steps only."""

    decoder_steps: int = 8


@pytest.fixture
def short_training(monkeypatch):
    """Few decoder steps and few searches to calibrate with, for models that need not find anything."""
    monkeypatch.setattr(train_sketch, "SketchPlan", ShortPlan)
    monkeypatch.setattr(calibration_fitting, "GALLERIES", 20)
