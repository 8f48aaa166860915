"""Compare five objectives on the same features (last column of Table 6), for several checkpoints.

    python -m benchmarks.sketch_ablation --data DIR --unseen sketchy-25 --doodles DIR --icons DIR \
        --checkpoint NAME --checkpoint NAME

Each checkpoint's backbone, fine-tuned on the seen classes, computes features. IIAE is trained again on them
with each objective and the checkpoint's seed. It is trained with linear encoders of zs, from both starts of
`model.sketch.linear_start`, and with D.2's encoders as printed. As in training, the step that is best on
held-out classes is kept.
"""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.shared.class_split import class_split
from benchmarks.shared.options import Data, Home, Unseen
from model import checkpoint
from model.cli.unseen import further_files
from model.data.sketchy import read_sketchy
from model.iiae import IIAE
from model.metrics import cosine, mean_average_precision, precision_at, ranked_relevance
from model.objective import ObjectiveName
from model.presets import PRESETS, Preset
from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.features import labelled_features
from model.sketch.feature_pairs import FeaturePairs, LabelledFeatures, pairs_of
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.further_pictures import FurtherFiles
from model.sketch.linear_start import init_shared_encoders
from model.sketch.pictures import PictureKind, Pictures, decode_classes
from model.sketch.training import SketchPlan, Start, train_on_features
from model.sketch.training_pictures import SOME_OF_EACH, read_training_pictures

NAMES: dict[ObjectiveName, str] = {
    "ii": "II",
    "ii-mi": "II−MI",
    "elbo+ii": "ELBO+λII",
    "iiae": "IIAE",
    "elbo": "ELBO",
}
"""Objectives and their names in the table."""
PAPER: dict[ObjectiveName, str] = {
    "ii": ".517, .605",
    "ii-mi": ".534, .616",
    "elbo+ii": ".516, .595",
    "iiae": ".573, .659",
    "elbo": "",
}
"""The paper's mAP@all and P@100."""
Features = Mapping[PictureKind, LabelledFeatures]
Figures = tuple[float, float, float]
"""mAP@all and P@100 of zs, and mAP@all of the exclusive codes."""


class Split:
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
        self.pairs: FeaturePairs = pairs_of(_features(backbone, pictures.for_layers()))
        self.held_out = _features(backbone, pictures.held_out)
        photos, sketches = decode_classes(catalogue.only(classes.unseen), classes.unseen, preset)
        self.unseen = _features(backbone, {"photos": photos, "sketches": sketches})

    def linear_preset(self) -> Preset:
        """The shipped preset's settings, on this checkpoint's features."""
        return replace(PRESETS["sketchy"], sketch=self.manifest.preset.sketch)

    def printed_preset(self) -> Preset:
        """D.2 as printed, on this checkpoint's features."""
        sketch = replace(self.manifest.preset.require_sketch(), encoders="printed")
        return replace(PRESETS["sketchy-printed"], sketch=sketch)

    def start(self, *, regression: bool) -> Figures:
        """Figures of the linear encoders before training."""
        iiae = IIAE(self.linear_preset())
        init_shared_encoders(
            iiae,
            self.pairs.photos,
            self.pairs.sketches,
            self.pairs.class_members,
            regression=regression,
        )
        return figures(iiae.eval(), self.unseen)

    def trained(self, preset: Preset, plan: SketchPlan) -> Figures:
        """Figures after training."""
        with tempfile.TemporaryDirectory() as run:
            iiae = train_on_features(
                Path(run),
                preset,
                self.pairs,
                replace(plan, recipe=Recipe(seed=self.manifest.seed)),
                validate=lambda present: {"validation": figures(present, self.held_out)[0]},
            )
        return figures(iiae.eval(), self.unseen)


def figures(iiae: IIAE, features: Features) -> Figures:
    """Figures of the sketches' codes among the photos'."""
    photos, sketches = features["photos"], features["sketches"]
    found = []
    with torch.no_grad():
        for encode in (iiae.shared, iiae.exclusive):
            x, y = encode("x", photos.features).mean, encode("y", sketches.features).mean
            relevant = ranked_relevance(
                cosine(y, x), torch.from_numpy(sketches.labels), torch.from_numpy(photos.labels)
            )
            found.append((mean_average_precision(relevant), precision_at(relevant, 100)))
    return (*found[0], found[1][0])


def main(
    data: Data,
    name: Annotated[list[str], typer.Option("--checkpoint", help="Repeat it for several seeds.")],
    unseen: Unseen = "sketchy-25",
    home: Home = Path("var"),
    doodles: Annotated[Path | None, typer.Option(help="The doodles of the checkpoints' training.")] = None,
    icons: Annotated[Path | None, typer.Option(help="The icons of the checkpoints' training.")] = None,
    steps: Annotated[int, typer.Option(min=12, help="Of linear encoders.")] = SketchPlan.steps,
    printed_steps: Annotated[int, typer.Option(min=12, help="Of D.2's encoders; 0 leaves them out.")] = 6_000,
) -> None:
    """Print the table."""
    began = time.monotonic()
    splits = [
        Split(checkpoint.find(home / "checkpoints", each), data, unseen, doodles, icons) for each in name
    ]
    table = Table(
        "objective",
        "zs encoders",
        "mAP@all",
        "over its start: mean, least",
        "P@100",
        "exclusive mAP",
        "paper: mAP, P@100",
        title=f"{', '.join(name)}, {unseen}",
    )
    choices: tuple[Start, ...] = ("components", "regression")
    starts = {
        start: np.array([split.start(regression=start == "regression") for split in splits])
        for start in choices
    }
    for start, found in starts.items():
        table.add_row("untrained", f"linear, {start}", *_cells(found))
    for start, before in starts.items():
        for objective, named in NAMES.items():
            plan = SketchPlan(recipe=Recipe(), start=start, objective=objective, steps=steps)
            found = np.array([split.trained(split.linear_preset(), plan) for split in splits])
            gain = found[:, 0] - before[:, 0]
            table.add_row(named, f"linear, {start}", *_cells(found, gain), PAPER[objective])
    for objective, named in NAMES.items() if printed_steps else ():
        plan = SketchPlan(recipe=Recipe(), objective=objective, steps=printed_steps)
        found = np.array([split.trained(split.printed_preset(), plan) for split in splits])
        table.add_row(named, "as printed", *_cells(found), PAPER[objective])
    Console(width=130).print(table)
    print(f"{time.monotonic() - began:.0f} s")


def _features(backbone: Backbone, pictures: Mapping[PictureKind, Pictures]) -> Features:
    return {kind: labelled_features(backbone, each) for kind, each in pictures.items()}


def _cells(found: NDArray[np.float64], gain: NDArray[np.float64] | None = None) -> list[str]:
    """Means and standard deviations over the checkpoints; the gain's mean and its least value."""
    spread = found.std(0, ddof=1 if len(found) > 1 else 0)
    mean_average, precision, exclusive = (
        f"{mean:.3f} ± {deviation:.3f}" for mean, deviation in zip(found.mean(0), spread, strict=True)
    )
    over = "" if gain is None else f"{gain.mean():+.4f}, {gain.min():+.4f}"
    return [mean_average, over, precision, exclusive]


if __name__ == "__main__":
    typer.run(main)
