"""Records the training runs that commands would start."""

import pytest

from model.cli.train_image import ImageTraining
from model.cli.train_sketch import SketchTraining


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
