"""What zs and the exclusive codes hold while IIAE is trained, by linear probes on unseen classes.

    python -m benchmarks.sketch_probes --data DIR --unseen sketchy-25 --checkpoint NAME

The encoders of zs start at principal components and are trained on the features that the checkpoint's
training saved. At the start and at some twelve later steps, ridge regressions are fitted to the codes of half
of the pictures of unseen classes. They are judged on the other half:

- class: which of the unseen classes a picture shows. One probe is fitted to photos and judged on sketches;
- domain: whether a picture is a photo or a sketch;
- instance: how much of the variance of the backbone's features within a class the code predicts.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.shared.feature_split import Features, FeatureSplit
from benchmarks.shared.options import DEFAULT_HOME, Data, Home, Unseen
from model.iiae import IIAE
from model.metrics import cosine_map
from model.objective import ObjectiveName
from model.presets import Side
from model.sketch.feature_pairs import LabelledFeatures
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.linear_start import standardised
from model.sketch.training import SketchPlan

RIDGE = 0.1
"""Ridge penalty, as a share of the codes' variance and of the number of pictures."""


def predicted(codes: Tensor, targets: Tensor, others: Tensor) -> Tensor:
    """Predict the targets of other codes by a ridge regression that is fitted to some codes.

    Args:
        codes: [n, d].
        targets: [n, t].
        others: [m, d].
    """
    centre, scale, mean = codes.mean(0), codes.std().clamp_min(1e-6), targets.mean(0)
    inputs = ((codes - centre) / scale).double()
    penalty = RIDGE * len(inputs) * torch.eye(inputs.shape[1], dtype=torch.float64)
    weight = torch.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ (targets - mean).double())
    found: Tensor = mean + (((others - centre) / scale).double() @ weight).float()
    return found


def class_probe(own: LabelledFeatures, other: LabelledFeatures | None = None) -> float:
    """Share of the second half's pictures whose class is predicted from the first half's.

    With `other`, the probe is fitted to all pictures of `own` and judged on all of `other`.
    """
    first, second = _halves(own)
    fitted, judged = (own.at(first), own.at(second)) if other is None else (own, other)
    one_hot = F.one_hot(torch.from_numpy(fitted.labels)).float()
    found = predicted(fitted.features, one_hot, judged.features).argmax(1)
    return float((found == torch.from_numpy(judged.labels)).float().mean())


def domain_probe(x: LabelledFeatures, y: LabelledFeatures) -> float:
    """Share of the second halves' pictures whose domain is predicted from the first halves'."""
    (x1, x2), (y1, y2) = (tuple(each.at(half).features for half in _halves(each)) for each in (x, y))
    targets = torch.cat([torch.ones(len(x1), 1), -torch.ones(len(y1), 1)])
    found = predicted(torch.cat([x1, y1]), targets, torch.cat([x2, y2]))[:, 0] > 0
    truth = torch.cat([torch.ones(len(x2)), torch.zeros(len(y2))]).bool()
    return float((found == truth).float().mean())


def instance_probe(codes: LabelledFeatures, features: Tensor) -> float:
    """Share of the features' variance within classes that the codes predict, at least 0."""
    within_codes, within = (
        _within_classes(codes.features, codes.labels),
        _within_classes(features, codes.labels),
    )
    first, second = (torch.from_numpy(half) for half in _halves(codes))
    found = predicted(within_codes[first], within[first], within_codes[second])
    unexplained = (within[second] - found).square().sum() / within[second].square().sum()
    return max(0.0, 1 - float(unexplained))


def _halves(pictures: LabelledFeatures) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of every other picture of each class, and of the rest."""
    order = np.argsort(pictures.labels, kind="stable")
    return order[::2], order[1::2]


def _within_classes(vectors: Tensor, labels: NDArray[np.int64]) -> Tensor:
    """Subtract the mean of each vector's class."""
    one_hot = F.one_hot(torch.from_numpy(labels)).float()
    return vectors - one_hot @ ((one_hot.T @ vectors) / one_hot.sum(0).clamp_min(1)[:, None])


@torch.no_grad()
def probes(iiae: IIAE, unseen: Features) -> list[str]:
    """The cells of a row: mAP of zs, and the probes of zs and of the exclusive codes."""
    sides: dict[Side, LabelledFeatures] = {"x": unseen["photos"], "y": unseen["sketches"]}

    def codes(encode: Callable[[Side, Tensor], Tensor]) -> dict[Side, LabelledFeatures]:
        return {
            side: LabelledFeatures(encode(side, each.features), each.labels) for side, each in sides.items()
        }

    iiae.eval()
    zs = codes(lambda side, features: iiae.shared(side, features).mean)
    own = codes(lambda side, features: iiae.exclusive(side, features).mean)
    features = {side: standardised(each.features) for side, each in sides.items()}
    found = cosine_map(zs["x"].features, zs["x"].labels, zs["y"].features, zs["y"].labels)
    cells = [f"{found:.3f}"]
    for each in (zs, own):
        cells += [
            f"{class_probe(each['x']):.2f}, {class_probe(each['y']):.2f}",
            f"{class_probe(each['x'], each['y']):.2f}",
            f"{domain_probe(each['x'], each['y']):.2f}",
            f"{instance_probe(each['x'], features['x']):.2f}, {instance_probe(each['y'], features['y']):.2f}",
        ]
    return cells


def main(
    data: Data,
    name: Annotated[str, typer.Option("--checkpoint")],
    unseen: Unseen = "sketchy-25",
    home: Home = DEFAULT_HOME,
    objective: Annotated[str, typer.Option(help="A key of model.objective.OBJECTIVES.")] = "iiae",
    steps: Annotated[int, typer.Option(min=12, help="Of training after the decoders'.")] = 800,
    learning_rate: Annotated[float | None, typer.Option(help="Default: the preset's.")] = None,
) -> None:
    """Print the table."""
    split = FeatureSplit(home, name, data, unseen)
    chosen: ObjectiveName = objective  # type: ignore[assignment]  # an unknown name fails in the training
    preset = split.linear_preset()
    if learning_rate is not None:
        preset = replace(preset, learning_rate=learning_rate)
    rows: list[list[str]] = []

    def record(iiae: IIAE) -> float:
        rows.append(probes(iiae, split.unseen))
        return float(len(rows))  # keeps the last weights

    split.trained(preset, SketchPlan(recipe=Recipe(), objective=chosen, steps=steps), record)
    heads = ("class: X, Y", "from X to Y", "domain", "instance: X, Y")
    table = Table(
        "step",
        "mAP of zs",
        *(f"zs: {head}" for head in heads),
        *(f"own: {head}" for head in heads),
        title=f"{name}, {unseen}, {objective}",
    )
    interval = max(1, steps // 12)
    for number, row in enumerate(rows):
        table.add_row("start" if number == 0 else str(min(number * interval, steps)), *row)
    Console(width=170).print(table)


if __name__ == "__main__":
    typer.run(main)
