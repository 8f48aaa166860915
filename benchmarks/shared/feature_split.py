"""The features of one checkpoint's pictures, and IIAE trained again on them."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import typer

from benchmarks.shared.class_split import class_split
from model import checkpoint
from model.cli.unseen import further_files
from model.data.sketchy import read_sketchy
from model.iiae import IIAE
from model.presets import PRESETS, Preset
from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.features import labelled_features
from model.sketch.feature_pairs import FeaturePairs, LabelledFeatures, pairs_of
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.further_pictures import FurtherFiles
from model.sketch.linear_start import init_shared_encoders
from model.sketch.pictures import PictureKind, Pictures, decode_classes
from model.sketch.training import SketchPlan, train_on_features
from model.sketch.training_pictures import SOME_OF_EACH, read_training_pictures

Features = Mapping[PictureKind, LabelledFeatures]


class FeatureSplit:
    """The features of one checkpoint's training, held-out and unseen pictures."""

    def __init__(
        self, folder: Path, data: Path, unseen: str, doodles: Path | None, icons: Path | None
    ) -> None:
        self.manifest, _, backbone = checkpoint.load_parts(folder)
        if backbone is None:
            raise typer.BadParameter(f"{self.manifest.name} is no sketch model", param_hint="--checkpoint")
        preset, catalogue = self.manifest.preset, read_sketchy(data)
        classes = class_split(self.manifest, catalogue, unseen)
        further = FurtherFiles()
        if doodles or icons:
            further = further_files(doodles, icons, data, unseen, SOME_OF_EACH["doodles"])
        seen = catalogue.only((*classes.trained, *classes.held_out))
        pictures = read_training_pictures(
            seen, classes.held_out, further, preset, batch=0, seed=self.manifest.seed
        )
        self.pairs: FeaturePairs = pairs_of(features_of_all(backbone, pictures.for_layers()))
        self.held_out = features_of_all(backbone, pictures.held_out)
        photos, sketches = decode_classes(catalogue.only(classes.unseen), classes.unseen, preset)
        self.unseen = features_of_all(backbone, {"photos": photos, "sketches": sketches})

    def linear_preset(self) -> Preset:
        """The shipped preset's settings, on this checkpoint's features."""
        return replace(PRESETS["sketchy"], sketch=self.manifest.preset.sketch)

    def printed_preset(self) -> Preset:
        """D.2 as printed, on this checkpoint's features."""
        sketch = replace(self.manifest.preset.require_sketch(), encoders="printed")
        return replace(PRESETS["sketchy-printed"], sketch=sketch)

    def untrained(self, *, regression: bool) -> IIAE:
        """Linear encoders before training."""
        iiae = IIAE(self.linear_preset())
        init_shared_encoders(
            iiae,
            self.pairs.photos,
            self.pairs.sketches,
            self.pairs.class_members,
            regression=regression,
        )
        return iiae.eval()

    def trained(self, preset: Preset, plan: SketchPlan, validate: Callable[[IIAE], float]) -> IIAE:
        """IIAE after training, with the weights for which `validate` is best."""
        with tempfile.TemporaryDirectory() as run:
            iiae = train_on_features(
                Path(run),
                preset,
                self.pairs,
                replace(plan, recipe=Recipe(seed=self.manifest.seed)),
                validate=lambda present: {"validation": validate(present)},
            )
        return iiae.eval()


def features_of_all(backbone: Backbone, pictures: Mapping[PictureKind, Pictures]) -> Features:
    return {kind: labelled_features(backbone, each) for kind, each in pictures.items()}
