"""The features of one checkpoint's pictures, and IIAE trained again on them."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import torch
import typer

from benchmarks.shared.class_split import class_split
from model import checkpoint
from model.data.sketchy import read_sketchy
from model.iiae import IIAE
from model.presets import PRESETS, Preset
from model.sketch.backbone.features import labelled_features
from model.sketch.feature_file import FEATURE_FILE, load_features
from model.sketch.feature_pairs import FeaturePairs, LabelledFeatures, pairs_of
from model.sketch.fine_tuning.augmentation import CPU
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.linear_start import init_shared_encoders
from model.sketch.pictures import PictureKind, decode_classes
from model.sketch.training import SketchPlan, train_on_features

Features = Mapping[PictureKind, LabelledFeatures]


class FeatureSplit:
    """The features of one checkpoint's training, held-out and unseen pictures.

    The first two were saved by the training, in the folder of its run.

    Args:
        home: folder with checkpoints/ and runs/.
        name: a checkpoint that was trained with held-out classes.
        data: folder of the photos and sketches.
        unseen: name or file of the classes that it was trained without.
        device: where to compute features and to train.
    """

    def __init__(self, home: Path, name: str, data: Path, unseen: str, device: torch.device = CPU) -> None:
        self.device = device
        folder = checkpoint.find(home / "checkpoints", name)
        self.manifest, _, backbone = checkpoint.load_parts(folder)
        if backbone is None:
            raise typer.BadParameter(f"{self.manifest.name} is no sketch model", param_hint="--checkpoint")
        catalogue = read_sketchy(data)
        classes = class_split(self.manifest, catalogue, unseen).unseen
        saved = load_features(home / "runs" / self.manifest.name / FEATURE_FILE, folder.name)
        self._trained: Features = saved["trained"]
        self.pairs = pairs_of(self._trained)
        self.held_out: Features = saved["held_out"]
        photos, sketches = decode_classes(catalogue, classes, self.manifest.preset)
        self.unseen: Features = {
            "photos": labelled_features(backbone, photos, device),
            "sketches": labelled_features(backbone, sketches, device),
        }

    def linear_preset(self) -> Preset:
        """The shipped preset's settings, on this checkpoint's features."""
        return replace(PRESETS["sketchy"], sketch=self.manifest.preset.sketch)

    def printed_preset(self) -> Preset:
        """D.2 as printed, on this checkpoint's features."""
        sketch = replace(self.manifest.preset.require_sketch(), encoders="printed")
        return replace(PRESETS["sketchy-printed"], sketch=sketch)

    def photo_sketch_pairs(self) -> FeaturePairs:
        """Pairs of photos and sketches, without doodles and icons."""
        return FeaturePairs(self._trained["photos"], self._trained["sketches"])

    def untrained(self, *, regression: bool, pairs: FeaturePairs | None = None) -> IIAE:
        """Linear encoders before training on all pairs, or on the given ones."""
        chosen = self.pairs if pairs is None else pairs
        iiae = IIAE(self.linear_preset())
        init_shared_encoders(
            iiae, chosen.photos, chosen.sketches, chosen.class_members, regression=regression
        )
        return iiae.eval()

    def trained(
        self,
        preset: Preset,
        plan: SketchPlan,
        validate: Callable[[IIAE], float],
        pairs: FeaturePairs | None = None,
    ) -> IIAE:
        """IIAE after training on all pairs, or on the given ones; the best `validate` decides the weights."""
        with tempfile.TemporaryDirectory() as run:
            iiae = train_on_features(
                Path(run),
                preset,
                self.pairs if pairs is None else pairs,
                replace(plan, recipe=Recipe(seed=self.manifest.seed)),
                validate=lambda present: {"validation": validate(present)},
                device=self.device,
            )
        return iiae.eval()
