"""Train Facades and MNIST-CDCB at the paper's size, as printed and with our recipe, and measure retrieval.

    python -m benchmarks.paper_size --facades DIR --mnist DIR --home DIR --minutes 40
        [--only facades-printed] [--image-size 64 --width 0.25]

Four runs share the minutes equally. Called again, each run goes on from its save. Our recipe has
the paper's learning rate here, because 1e-3 diverges at this width. The table
has the weights that were best on validation pairs, measured on the reported pairs; it is also written to
HOME/paper-size.txt. Each run is published as a checkpoint of its name. HOME/<name>.png has translations.
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.shared.options import DEFAULT_HOME, Home
from model import checkpoint
from model.allocator import keep_memory
from model.cli.options import Device, choose_device
from model.data.open import open_pairs
from model.data.pairs import Pairs, Split
from model.evaluation.image_figures import translations
from model.evaluation.retrieval import cross_domain_retrieval, retrieval_validation
from model.iiae import IIAE
from model.presets import PRESETS, Preset
from model.training.recipe import start_exclusive_codes
from model.training.run import Plan, Run

PAPER = {"facades": ("100.0 (1.0)", "100.0 (0.0)"), "mnist-cdcb": ("99.7 (.01)", "99.7 (.01)")}
"""Top-1 in percent with shared and, in brackets, exclusive codes, X to Y and Y to X (Tables 5 and 2)."""
PRINTED = Plan(steps=1_000_000, validate_every=1_000, save_every=1_000, sample_every=1_000_000)
OURS = replace(PRINTED, recipe="small", warmup=1_000, average=0.999)


@dataclass(frozen=True)
class PaperRun:
    """One row of the table."""

    name: str
    preset: Preset
    plan: Plan


RUNS = (
    PaperRun("mnist-cdcb-printed", PRESETS["mnist-cdcb"], PRINTED),
    PaperRun(
        "mnist-cdcb-ours",
        replace(PRESETS["mnist-cdcb"], batch_size=16, dropout=0.0),
        OURS,
    ),
    PaperRun("facades-printed", PRESETS["facades"], PRINTED),
    PaperRun(
        "facades-ours",
        replace(PRESETS["facades"], annealing=6_000.0, dropout=0.0),
        OURS,
    ),
)


@dataclass(frozen=True)
class Measured:
    """A run, and its figures on the reported pairs."""

    run: Run
    best: dict[str, float]
    figures: dict[str, float]

    def cells(self) -> tuple[str, ...]:
        shared, exclusive = (
            [100 * self.figures[f"top1_{kind}_{way}"] for way in ("xy", "yx")]
            for kind in ("shared", "exclusive")
        )
        samples = self.run.step * self.run.preset.batch_size / self.run.seconds
        return (
            f"{self.run.step:,} x {self.run.preset.batch_size}",
            f"{self.run.seconds / 60:.1f}",
            f"{samples:,.0f}",
            f"{self.best['step']:,.0f}",
            *(f"{one:.1f} ({leak:.2f})" for one, leak in zip(shared, exclusive, strict=True)),
        )


def train(paper_run: PaperRun, data: Path, home: Path, minutes: float, device: torch.device) -> Measured:
    """Train one run for some minutes, or go on with it, and measure and publish it."""
    preset, plan = (
        paper_run.preset,
        replace(paper_run.plan, accelerator="cuda" if device.type == "cuda" else "cpu"),
    )

    def pairs_of(split: Split) -> Pairs:
        augment = plan.recipe == "small"
        return open_pairs(preset.reader, data, split, preset.image_size, preset.domains, augment=augment)

    torch.manual_seed(plan.seed)
    iiae = IIAE(preset)
    if plan.recipe == "small":
        start_exclusive_codes(iiae)
    pairs = pairs_of("train")
    run = Run(
        home / "runs" / paper_run.name, iiae, pairs, plan, validate=retrieval_validation(pairs_of("val"))
    )
    run.resume()
    best = run.train(until=time.monotonic() + 60 * minutes)
    folder = checkpoint.publish(
        home / "checkpoints",
        paper_run.name,
        iiae.cpu(),
        trained_on=f"{preset.reader} data in a folder called {data.resolve().name}",
        terms="not stated",
        command=f"python -m benchmarks.paper_size --only {paper_run.name}",
        seed=plan.seed,
        data_fingerprint=pairs.fingerprint,
        metrics={f"val_{key}": value for key, value in best.items()},
        half=True,
    )
    inference = checkpoint.load(folder, device)
    reported = pairs_of("test")
    figures = cross_domain_retrieval(inference.shared, inference.exclusive, reported, device)
    checkpoint.with_metrics(folder, figures)
    translations(inference, reported, count=4).save(home / f"{paper_run.name}.png")
    return Measured(run, best, figures)


def main(
    facades: Annotated[Path | None, typer.Option(help="Folder of Facades.")] = None,
    mnist: Annotated[Path | None, typer.Option(help="Folder of MNIST.")] = None,
    home: Home = DEFAULT_HOME,
    minutes: Annotated[float, typer.Option(min=0.01, help="For all runs together.")] = 40,
    only: Annotated[list[str] | None, typer.Option(help="Names of runs; all if not given.")] = None,
    image_size: Annotated[int, typer.Option(min=32)] = 256,
    width: Annotated[float, typer.Option(min=0.01, help="Multiplies every channel count.")] = 1.0,
    device: Device = "auto",
) -> None:
    """Train, and print the table."""
    keep_memory()
    folders = {"facades": facades, "mnist-cdcb": mnist}
    chosen = [
        (each, folder)
        for each in RUNS
        if (folder := folders[each.preset.name]) is not None and (not only or each.name in only)
    ]
    if unknown := set(only or ()) - {each.name for each in RUNS}:
        raise typer.BadParameter(f"there is no run {', '.join(sorted(unknown))}")
    if not chosen:
        raise typer.BadParameter(
            f"nothing to train: give --facades or --mnist; runs are {[r.name for r in RUNS]}"
        )
    table = Table(
        "run",
        "steps x batch",
        "minutes",
        "pairs/s",
        "best step",
        "X to Y, %",
        "Y to X, %",
        "paper",
        title=f"{image_size} x {image_size}, width {width:g}, {choose_device(device)}",
    )
    for each, folder in chosen:
        sized = replace(each, preset=replace(each.preset, image_size=image_size, width=width))
        found = train(sized, folder, home, minutes / len(chosen), choose_device(device))
        table.add_row(each.name, *found.cells(), ", ".join(PAPER[each.preset.name]))
        console = Console(width=130, record=True)
        console.print(table)
        console.save_text(str(home / "paper-size.txt"))


if __name__ == "__main__":
    typer.run(main)
