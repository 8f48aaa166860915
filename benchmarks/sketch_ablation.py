"""Compare five objectives on the same features (last column of Table 6), for several checkpoints.

    python -m benchmarks.sketch_ablation --data DIR --unseen sketchy-25 --checkpoint NAME --checkpoint NAME

IIAE is trained again on the features that each checkpoint's training saved, with each objective and the
checkpoint's seed: with linear encoders of zs, from both starts of `model.sketch.linear_start`, and with D.2's
encoders as printed. As in training, the step that is best on held-out classes is kept.
"""

import time
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.shared.feature_split import Features, FeatureSplit
from benchmarks.shared.options import DEFAULT_HOME, Data, Home, Unseen
from benchmarks.shared.processes import Jobs, measure_each
from model.cli.options import Device, choose_device
from model.iiae import IIAE
from model.metrics import cosine, mean_average_precision, precision_at, ranked_relevance
from model.objective import ObjectiveName
from model.presets import Preset
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.training import SketchPlan, Start

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
Figures = tuple[float, float, float]
"""mAP@all and P@100 of zs, and mAP@all of the exclusive codes."""


def figures(iiae: IIAE, features: Features) -> Figures:
    """Figures of the sketches' codes among the photos'."""
    photos, sketches = features["photos"], features["sketches"]
    device = next(iiae.parameters()).device
    found = []
    with torch.no_grad():
        for encode in (iiae.shared, iiae.exclusive):
            x = encode("x", photos.features.to(device)).mean
            y = encode("y", sketches.features.to(device)).mean
            relevant = ranked_relevance(
                cosine(y, x).cpu(), torch.from_numpy(sketches.labels), torch.from_numpy(photos.labels)
            )
            found.append((mean_average_precision(relevant), precision_at(relevant, 100)))
    return (*found[0], found[1][0])


def trained(split: FeatureSplit, preset: Preset, plan: SketchPlan) -> Figures:
    """Figures on unseen classes after training; held-out classes choose the step."""
    return figures(split.trained(preset, plan, lambda iiae: figures(iiae, split.held_out)[0]), split.unseen)


STARTS: tuple[Start, ...] = ("components", "regression")


def measured(
    name: str, *, home: Path, data: Path, unseen: str, steps: int, printed_steps: int, device: torch.device
) -> NDArray[np.float64]:
    """Figures of one checkpoint, [rows, 3]: both starts, each objective from each, then D.2 as printed."""
    split = FeatureSplit(home, name, data, unseen, device)
    rows = [figures(split.untrained(regression=start == "regression"), split.unseen) for start in STARTS]
    for start in STARTS:
        for objective in NAMES:
            plan = SketchPlan(recipe=Recipe(), start=start, objective=objective, steps=steps)
            rows.append(trained(split, split.linear_preset(), plan))
    for objective in NAMES if printed_steps else ():
        plan = SketchPlan(recipe=Recipe(), objective=objective, steps=printed_steps)
        rows.append(trained(split, split.printed_preset(), plan))
    return np.array(rows)


def main(
    data: Data,
    name: Annotated[list[str], typer.Option("--checkpoint", help="Repeat it for several seeds.")],
    unseen: Unseen = "sketchy-25",
    home: Home = DEFAULT_HOME,
    steps: Annotated[int, typer.Option(min=12, help="Of linear encoders.")] = SketchPlan.steps,
    printed_steps: Annotated[int, typer.Option(min=0, help="Of D.2's encoders; 0 leaves them out.")] = 6_000,
    jobs: Jobs = 1,
    device: Device = "cpu",
) -> None:
    """Print the table."""
    began = time.monotonic()
    measure = partial(
        measured,
        home=home,
        data=data,
        unseen=unseen,
        steps=steps,
        printed_steps=printed_steps,
        device=choose_device(device),
    )
    found = measure_each(measure, name, jobs)
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
    before = dict(zip(STARTS, found[:, :, 0].T, strict=False))
    rows = iter(found.swapaxes(0, 1))
    for start in STARTS:
        table.add_row("untrained", f"linear, {start}", *_cells(next(rows)))
    for start in STARTS:
        for objective, named in NAMES.items():
            row = next(rows)
            table.add_row(
                named, f"linear, {start}", *_cells(row, row[:, 0] - before[start]), PAPER[objective]
            )
    for (objective, named), row in zip(NAMES.items(), rows, strict=False):
        table.add_row(named, "as printed", *_cells(row), PAPER[objective])
    Console(width=130).print(table)
    print(f"{time.monotonic() - began:.0f} s")


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
