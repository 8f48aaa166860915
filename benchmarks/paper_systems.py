"""Train every system of the paper's Tables 2, 4 and 5, and the ablated objectives, on the same terms.

    python -m benchmarks.paper_systems --facades DIR --mnist DIR --cars DIR --maps DIR --home DIR
        [--seeds 3] [--jobs 2] [--only facades-cddn] [--list]

On one data set, all systems have the same pictures, width, batch size, steps and augmentation. The weights
with the smallest error of translated validation pairs are kept. Each training is one command of `iiae train`;
`--list` prints the commands. Called again, it goes on: published checkpoints stay, other runs are resumed.
`iiae report` measures the checkpoints.
"""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.shared.options import DEFAULT_HOME, Home
from model import checkpoint
from model.presets import SystemName

Words = tuple[str, ...]
SYSTEMS: tuple[SystemName, ...] = ("iiae", "cddn", "bicyclegan", "pix2pix")
ABLATED = ("elbo", "ii", "ii-mi", "elbo+ii")
SELECTION: Words = ("--select", "translation")
SMALL: Words = ("--width", "0.25", "--batch", "8")
IIAE: Words = ("--recipe", "small", "--learning-rate", "1e-3", "--dropout", "0", "--average", "0.999")
"""Our recipe for small pictures; the other systems have the settings of their papers."""


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """How all systems are trained on a data set.

    Attributes:
        preset: of `iiae train`.
        image_size: side of the pictures in pixels.
        steps: of 8 pairs.
        iiae: further options of IIAE.
        ablated: whether the objectives of Table 6 are trained too.
        augment: whether training pairs vary from draw to draw. A mirrored car is seen from elsewhere.
    """

    preset: str
    image_size: int
    steps: int
    iiae: Words
    ablated: bool = False
    augment: bool = True

    def options(self) -> Words:
        """Return the options that all systems share."""
        size, steps = str(self.image_size), str(self.steps)
        augment = "--augment" if self.augment else "--no-augment"
        lengths = ("--image-size", size, "--steps", steps, "--every", str(self.steps // 6))
        return (*SELECTION, augment, *SMALL, *lengths)


def _annealed(warmup: int, annealing: int) -> Words:
    return ("--warmup", str(warmup), "--annealing", str(annealing))


DATA_SETS: tuple[DataSet, ...] = (
    DataSet(preset="facades", image_size=64, steps=6_000, iiae=_annealed(500, 3_000), ablated=True),
    DataSet(preset="mnist-cdcb", image_size=64, steps=4_000, iiae=_annealed(500, 25_000), ablated=True),
    DataSet(preset="cars", image_size=64, steps=6_000, iiae=_annealed(500, 100), augment=False),
    DataSet(preset="maps", image_size=64, steps=6_000, iiae=_annealed(500, 3_000)),
)


@dataclass(frozen=True)
class Training:
    """One checkpoint, and the options of `iiae train` that make it."""

    name: str
    words: Words

    def command(self, home: Path) -> list[str]:
        """Return the words that follow `iiae`."""
        return ["train", *self.words, "--name", self.name, "--threads", "1", "--half", "--home", str(home)]


def train(training: Training, home: Path) -> bool:
    """Train a checkpoint that is missing, or go on with it; returns False if that failed."""
    store, words = home / "checkpoints", training.command(home)
    if (store / training.name).is_dir():
        made_by = checkpoint.read_manifest(checkpoint.find(store, training.name)).command
        if made_by == shlex.join(["iiae", *words]):
            return True
        Console().print(f"{training.name}: there is one that another command trained; remove it", style="red")
        return False
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", *words, "--resume"], check=False, capture_output=True, text=True
    )
    Console().print(f"{training.name}: {'trained' if done.returncode == 0 else done.stderr[-800:]}")
    return done.returncode == 0


def trainings(data_set: DataSet, folder: Path, seed: int) -> Iterator[Training]:
    """Yield the trainings of one data set with one seed."""
    common = (data_set.preset, *data_set.options(), "--data", str(folder), "--seed", str(seed))
    ours = (*common, *IIAE, *data_set.iiae)
    for system in SYSTEMS:
        words = ours if system == "iiae" else (*common, "--system", system)
        yield Training(f"{data_set.preset}-{system}-{seed}", words)
    for objective in ABLATED if data_set.ablated else ():
        name = f"{data_set.preset}-{objective.replace('+', '-')}-{seed}"
        yield Training(name, (*ours, "--objective", objective))


def main(
    facades: Annotated[Path | None, typer.Option(help="Folder of Facades.")] = None,
    mnist: Annotated[Path | None, typer.Option(help="Folder of MNIST.")] = None,
    cars: Annotated[Path | None, typer.Option(help="Folder of Cars or of the stand-in.")] = None,
    maps: Annotated[Path | None, typer.Option(help="Folder of Maps or of the stand-in.")] = None,
    home: Home = DEFAULT_HOME,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each kind.")] = 3,
    jobs: Annotated[int, typer.Option(min=1, help="Trainings at the same time, one thread each.")] = 2,
    only: Annotated[
        list[str] | None, typer.Option(help="Names without their last parts; all if not given.")
    ] = None,
    list_only: Annotated[bool, typer.Option("--list", help="Print the commands and stop.")] = False,
) -> None:
    """Train the checkpoints that are missing."""
    folders = {"facades": facades, "mnist-cdcb": mnist, "cars": cars, "maps": maps}
    wanted = [
        training
        for seed in range(seeds)
        for data_set in DATA_SETS
        if (folder := folders[data_set.preset]) is not None
        for training in trainings(data_set, folder, seed)
        if not only or {data_set.preset, training.name, training.name.removesuffix(f"-{seed}")} & set(only)
    ]
    if not wanted:
        raise typer.BadParameter("nothing to train: give the folder of a data set, and an existing name")
    if list_only:
        for training in wanted:
            print(shlex.join(["iiae", *training.command(home)]))
        return
    with ThreadPoolExecutor(jobs) as pool:
        finished = list(pool.map(lambda each: train(each, home), wanted))
    if not all(finished):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
