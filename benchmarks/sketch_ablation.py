"""Compare five objectives on the same features, with three seeds each (last column of Table 6).

    python -m benchmarks.sketch_ablation --data DIR --unseen sketchy-25 --checkpoint NAME

The checkpoint's backbone, fine-tuned on the seen classes, computes the features. Only IIAE is trained. It is
trained once with linear encoders of zs, which start as `model.sketch.linear_start` sets them, and once with
D.2's encoders as printed. As in training, the step that is best on held-out classes is kept.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.shared.class_split import class_split
from benchmarks.shared.options import Data, Home, Name, Unseen
from model import checkpoint
from model.data.sketchy import SketchyFiles, read_sketchy
from model.evaluation.sketch_search import encode_catalogue
from model.iiae import IIAE
from model.inference import Inference
from model.metrics import cosine, mean_average_precision, precision_at, ranked_relevance
from model.objective import ObjectiveName
from model.presets import PRESETS, SIDES, Preset, Side
from model.sketch.feature_pairs import FeaturePairs, LabelledFeatures
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.linear_start import init_shared_encoders
from model.sketch.training import SketchPlan, train_on_features

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
Codes = dict[Side, Tensor]


class Features:
    """Backbone features and class numbers of some classes' pictures."""

    def __init__(self, inference: Inference, catalogue: SketchyFiles) -> None:
        encoded = encode_catalogue(inference, catalogue)
        self.labels, self.features = encoded.labels, encoded.features

    def pairs(self) -> FeaturePairs:
        """Pairs of these features, for training."""
        sides = (LabelledFeatures(self.features[side], self.labels[side].numpy()) for side in SIDES)
        return FeaturePairs(*sides)

    def figures(self, codes: Codes) -> tuple[float, float]:
        """mAP@all and P@100 of codes."""
        relevant = ranked_relevance(cosine(codes["y"], codes["x"]), self.labels["y"], self.labels["x"])
        return mean_average_precision(relevant), precision_at(relevant, 100)

    def measure(self, iiae: IIAE, *, exclusive: bool = False) -> tuple[float, float]:
        """mAP@all and P@100 of a model's shared or exclusive codes."""
        encode = iiae.exclusive if exclusive else iiae.shared
        with torch.no_grad():
            return self.figures({side: encode(side, self.features[side]).mean for side in SIDES})


def main(
    data: Data,
    unseen: Unseen = "sketchy-25",
    name: Name = "sketchy",
    home: Home = Path("var"),
    seeds: Annotated[int, typer.Option(min=1)] = 3,
    steps: Annotated[int, typer.Option(min=12)] = SketchPlan.steps,
) -> None:
    """Print the table."""
    start = time.monotonic()
    folder = checkpoint.find(home / "checkpoints", name)
    manifest = checkpoint.read_manifest(folder)
    inference = checkpoint.load(folder, torch.device("cpu"))
    catalogue = read_sketchy(data)
    classes = class_split(manifest, catalogue, unseen)
    train, held, test = (
        Features(inference, catalogue.only(each))
        for each in (classes.trained, classes.held_out, classes.unseen)
    )
    table = Table(
        "objective",
        "zs encoders",
        "mAP@all",
        "P@100",
        "exclusive mAP",
        "paper: mAP, P@100",
        title=f"{manifest.name}, {unseen}, {seeds} seeds",
    )
    precision, first = test.figures(test.features)
    table.add_row("features alone", "", f"{precision:.3f}", f"{first:.3f}", "", "")
    untrained = IIAE(manifest.preset)
    pairs = train.pairs()
    init_shared_encoders(untrained, pairs.photos, pairs.sketches, pairs.class_members)
    precision, first = test.measure(untrained.eval())
    table.add_row("zs at its start, untrained", "linear", f"{precision:.3f}", f"{first:.3f}", "", "")
    sketch = manifest.preset.require_sketch()
    linear = replace(manifest.preset, learning_rate=PRESETS["sketchy"].learning_rate)
    printed = replace(PRESETS["sketchy-printed"], sketch=replace(sketch, encoders="printed"))
    for encoders, preset in (("linear", linear), ("as printed", printed)):
        for objective, named in NAMES.items():
            found = np.array(
                [_trained(preset, objective, seed, steps, train, held, test) for seed in range(seeds)]
            )
            cells = [
                f"{mean:.3f} ± {spread:.3f}"
                for mean, spread in zip(found.mean(0), found.std(0, ddof=1 if seeds > 1 else 0), strict=True)
            ]
            table.add_row(named, encoders, *cells, PAPER[objective])
    Console(width=110).print(table)
    print(f"{time.monotonic() - start:.0f} s")


def _trained(
    preset: Preset,
    objective: ObjectiveName,
    seed: int,
    steps: int,
    train: Features,
    held: Features,
    test: Features,
) -> tuple[float, float, float]:
    plan = SketchPlan(recipe=Recipe(seed=seed), objective=objective, steps=steps)
    with tempfile.TemporaryDirectory() as run:
        iiae = train_on_features(
            Path(run),
            preset,
            train.pairs(),
            plan,
            validate=lambda present: {"validation": held.measure(present)[0]},
        ).eval()
    return (*test.measure(iiae), test.measure(iiae, exclusive=True)[0])


if __name__ == "__main__":
    typer.run(main)
