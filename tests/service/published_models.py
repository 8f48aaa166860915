"""Publishes small models with random weights, for tests of the registry."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import torch

from model.checkpoint import publish
from model.iiae import IIAE
from model.presets import PRESETS, Preset
from model.sketch.backbone.backbone import Backbone, backbone_for

CPU = torch.device("cpu")
IMAGES = dataclasses.replace(PRESETS["mnist-cdcb"], image_size=32, width=0.125)
SKETCHES = dataclasses.replace(PRESETS["sketchy-printed"], image_size=32, zs_size=8, zx_size=4)
KNOWING = dataclasses.replace(
    SKETCHES, sketch=dataclasses.replace(SKETCHES.require_sketch(), things=6, thing_size=4, thing_weight=1.0)
)
"""A sketch model with a classifier of things."""


def add(
    store: Path,
    name: str = "digits",
    preset: Preset = IMAGES,
    damage: Callable[[IIAE], None] | None = None,
    damage_backbone: Callable[[Backbone], None] | None = None,
) -> Path:
    """Publish a model with random weights."""
    iiae = IIAE(preset)
    if damage is not None:
        damage(iiae)
    backbone = None if preset.sketch is None else backbone_for(preset.sketch)
    if backbone is not None and damage_backbone is not None:
        damage_backbone(backbone)
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
