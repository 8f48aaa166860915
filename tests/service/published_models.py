"""Publishes small models with random weights, for tests of the registry."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import torch

from model.checkpoint import publish
from model.iiae import IIAE
from model.presets import PRESETS, Preset
from model.sketch.backbone.backbone import Backbone

CPU = torch.device("cpu")
IMAGES = dataclasses.replace(PRESETS["mnist-cdcb"], image_size=32, width=0.125)
SKETCHES = dataclasses.replace(PRESETS["sketchy-printed"], image_size=32, zs_size=8, zx_size=4)


def add(
    store: Path, name: str = "digits", preset: Preset = IMAGES, damage: Callable[[IIAE], None] | None = None
) -> Path:
    """Publish a model with random weights."""
    iiae = IIAE(preset)
    if damage is not None:
        damage(iiae)
    backbone = (
        None
        if preset.sketch is None
        else Backbone(preset.sketch.backbone, preset.sketch.feature_size, classified=preset.sketch.classified)
    )
    return publish(
        store,
        name,
        iiae,
        backbone,
        trained_on="nothing",
        terms="none",
        command="none",
        seed=0,
        data_fingerprint="0",
    )
