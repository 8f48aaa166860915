"""Tiny untrained checkpoints for tests and trials that need a working service, not good answers."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.shared.noise_pictures import png
from model import checkpoint
from model.baselines.systems import translator_of
from model.baselines.translator import Translator
from model.iiae import IIAE
from model.pictures import prepare
from model.presets import PRESETS, QueryKind, SketchInput, SystemName
from model.sketch.backbone.backbone import Backbone
from model.sketch.calibration import Calibration
from model.sketch.linear_start import init_shared_encoders

IMAGE_PRESET = replace(PRESETS["facades"], image_size=32, width=0.125)
SKETCH_PRESET = replace(
    PRESETS["sketchy"],
    image_size=32,
    zs_size=32,
    sketch=SketchInput(encoders="linear_each", drawings=False),
)  # trials send noise
LOGIT_DEVIATION = 3.0
"""Standard deviation of the logits of things."""


def publish_tiny(home: Path, name: str = "tiny", seed: int = 0) -> Path:
    """Publish an untrained image model. Another seed gives another version."""
    torch.manual_seed(seed)
    return _publish(home, name, IIAE(IMAGE_PRESET))


def publish_system(home: Path, system: SystemName) -> Path:
    """Publish a compared system under its own name."""
    torch.manual_seed(0)
    return _publish(home, system, translator_of(replace(IMAGE_PRESET, system=system)))


def publish_sketch(
    home: Path,
    name: str = "drawn",
    *,
    drawings: bool = False,
    seed: int = 0,
    things: int = 0,
    calibration: dict[QueryKind, Calibration] | None = None,
) -> Path:
    """Publish an untrained sketch model. Another seed gives another version.

    Different noise pictures get different embeddings, as from a trained model. With `things`, they probably
    show different things.
    """
    torch.manual_seed(seed)
    sketch = replace(SKETCH_PRESET.require_sketch(), drawings=drawings, things=things, thing_size=things)
    preset = replace(SKETCH_PRESET, sketch=sketch)
    backbone, iiae = _backbone(sketch), IIAE(preset)
    noise = torch.stack(
        [prepare(Image.open(BytesIO(png(seed))), SKETCH_PRESET.image_size) for seed in range(64)]
    )
    for norm in backbone.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.momentum = None  # the pass below then sets the statistics; without them activations vanish
    with torch.no_grad():
        backbone.train()(noise)
        if backbone.thing_classifier is not None:
            pooled = backbone.eval().pooled(noise)
            logits = backbone.thing_classifier(pooled)
            backbone.thing_classifier.weight /= logits.std() / LOGIT_DEVIATION
        features = backbone.eval()(noise)
    init_shared_encoders(
        iiae,
        features,
        features,
        [(np.array([number]), np.array([number])) for number in range(len(features))],
    )
    return _publish(home, name, iiae, backbone, calibration)


def _backbone(sketch: SketchInput) -> Backbone:
    """A random backbone without mirror images, which noise does not need."""
    size = sketch.thing_size
    return Backbone(
        sketch.backbone,
        sketch.feature_size,
        classified=sketch.classified,
        things=sketch.things,
        thing_size=size,
    )


def _publish(
    home: Path,
    name: str,
    trained: IIAE | Translator,
    backbone: Backbone | None = None,
    calibration: dict[QueryKind, Calibration] | None = None,
) -> Path:
    return checkpoint.publish(
        home / "checkpoints",
        name,
        trained,
        backbone,
        calibration=calibration,
        trained_on="nothing",
        terms="none",
        command="a test",
        seed=0,
        data_fingerprint="0",
    )
