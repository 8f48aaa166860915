"""Small settings for training sketch models in tests."""

from dataclasses import replace
from typing import Literal

import numpy as np

from model.presets import PRESETS, BackboneName, Preset, SketchInput
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.pictures import Pictures

CLASSES = ("bar", "cross", "disc", "star", "triangle")
RECIPE = Recipe(
    epochs=6,
    runs=1,
    cycle=1.0,
    batch=16,
    learning_rate=1e-3,
    distillation=0.0,
    sketch_distillation=0.0,
    crop_share=0.75,
)


def small_preset(
    network: BackboneName,
    *,
    feature_size: int = 64,
    encoders: Literal["printed", "linear_each"] = "linear_each",
    **changes: object,
) -> Preset:
    """The preset of sketch models, with small pictures and codes."""
    sketch = SketchInput(backbone=network, feature_size=feature_size, encoders=encoders)
    small = {"image_size": 64, "zs_size": 64, "batch_size": 5, "sketch": sketch}
    return replace(PRESETS["sketchy"], **{**small, **changes})


def noise_pictures(count: int = 32) -> Pictures:
    """Random pixels of two classes."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), dtype=np.uint8)
    return Pictures(pixels, np.repeat(np.arange(2), count // 2))


def blank_pictures(count: int = 16) -> Pictures:
    """White pictures of two classes."""
    return Pictures(np.full((count, 64, 64, 3), 255, np.uint8), np.repeat(np.arange(2), count // 2))
