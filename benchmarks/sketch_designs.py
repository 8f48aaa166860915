"""Compare designs of IIAE's training on the same features: what it adds to its start, and what leaks.

    python -m benchmarks.sketch_designs --data DIR --unseen sketchy-25 --checkpoint NAME --checkpoint NAME

IIAE with linear encoders of zs is trained again on the features that each checkpoint's training saved. Each
design changes one part of the shipped one. As in training, the step that is best on held-out classes
is kept.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.shared.feature_split import FeatureSplit
from benchmarks.shared.options import DEFAULT_HOME, Data, Home, Unseen
from benchmarks.shared.processes import Jobs, measure_each
from benchmarks.sketch_ablation import figures
from model.cli.options import Device, choose_device
from model.presets import Preset
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.training import SketchPlan

SHIPPED = SketchPlan(recipe=Recipe())


@dataclass(frozen=True)
class Design:
    """A design, by what it changes.

    Attributes:
        plan: the plan of the training.
        preset: changes the shipped preset's settings.
        photos_and_sketches: only their pairs, without doodles and icons.
    """

    name: str
    plan: SketchPlan = SHIPPED
    preset: Callable[[Preset], Preset] = lambda preset: preset
    photos_and_sketches: bool = False


DESIGNS = (
    Design("as shipped: from principal components, gradient descent"),
    Design("from the regression between the domains", replace(SHIPPED, start="regression")),
    Design(
        "by Adam, rate 1e-4",
        replace(SHIPPED, optimiser="adam", steps=600),
        lambda preset: replace(preset, learning_rate=1e-4),
    ),
    Design("eight times the steps", replace(SHIPPED, steps=8 * SHIPPED.steps)),
    Design("λ a tenth", preset=lambda preset: replace(preset, lam=preset.lam / 10)),
    Design("λ ten times", preset=lambda preset: replace(preset, lam=10 * preset.lam)),
    Design(
        "reconstruction weighs a tenth",
        preset=lambda preset: replace(preset, reconstruction_weight=preset.reconstruction_weight / 10),
    ),
    Design(
        "reconstruction weighs ten times",
        preset=lambda preset: replace(preset, reconstruction_weight=10 * preset.reconstruction_weight),
    ),
    Design("no annealing", preset=lambda preset: replace(preset, annealing=1.0)),
    Design("exclusive codes of 8 numbers", preset=lambda preset: replace(preset, zx_size=8)),
    Design("five times the decoders' steps", replace(SHIPPED, decoder_steps=5 * SHIPPED.decoder_steps)),
    Design("only pairs of photos and sketches", photos_and_sketches=True),
)


def main(
    data: Data,
    name: Annotated[list[str], typer.Option("--checkpoint", help="Repeat it for several seeds.")],
    unseen: Unseen = "sketchy-25",
    home: Home = DEFAULT_HOME,
    jobs: Jobs = 1,
    device: Device = "cpu",
) -> None:
    """Print the table: means over the checkpoints, on unseen classes."""
    began = time.monotonic()
    found = measure_each(
        partial(measured, home=home, data=data, unseen=unseen, device=choose_device(device)), name, jobs
    )
    table = Table(
        "design", "mAP@all at the start", "trained", "gain: mean, least", "exclusive mAP", title=unseen
    )
    for design, rows in zip(DESIGNS, found.swapaxes(0, 1), strict=True):
        gain = rows[:, 1] - rows[:, 0]
        start, trained, exclusive = rows.mean(0)
        table.add_row(
            design.name,
            f"{start:.3f}",
            f"{trained:.3f}",
            f"{gain.mean():+.4f}, {gain.min():+.4f}",
            f"{exclusive:.3f}",
        )
    Console(width=130).print(table)
    print(f"{time.monotonic() - began:.0f} s")


def measured(name: str, *, home: Path, data: Path, unseen: str, device: torch.device) -> NDArray[np.float64]:
    """Figures of one checkpoint, [designs, 3]."""
    split = FeatureSplit(home, name, data, unseen, device)
    return np.array([_measured(split, design) for design in DESIGNS])


def _measured(split: FeatureSplit, design: Design) -> tuple[float, float, float]:
    """mAP@all of zs at the start and after training, and of the exclusive codes after it."""
    pairs = split.photo_sketch_pairs() if design.photos_and_sketches else split.pairs
    start = split.untrained(regression=design.plan.start == "regression", pairs=pairs)
    trained = split.trained(
        design.preset(split.linear_preset()),
        design.plan,
        lambda iiae: figures(iiae, split.held_out)[0],
        pairs=pairs,
    )
    found, _, exclusive = figures(trained, split.unseen)
    return figures(start, split.unseen)[0], found, exclusive


if __name__ == "__main__":
    typer.run(main)
