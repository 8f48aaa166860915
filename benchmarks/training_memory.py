"""Measure the memory of training on a set of Sketchy Extended's size.

    python -m benchmarks.training_memory [--photos 73002] [--sketches 75471] [--classes 125]

A few made pictures have as many names as the data set has files (hard links). Two processes are measured: one
decodes them all, computes their features with the shipped backbone and trains IIAE on these, with small
pictures, whose pixels are in a file on the disk in any case; the other makes steps of fine-tuning with
pictures of the real size. Training needs no more than the larger of both.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image, ImageDraw
from rich.console import Console
from rich.table import Table

from model import checkpoint
from model.allocator import keep_memory
from model.data.sketchy import read_sketchy
from model.presets import PRESETS
from model.sketch.backbone.backbone import Backbone
from model.sketch.fine_tuning.fine_tuning import fine_tune
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.further_pictures import FurtherPictures
from model.sketch.pictures import Pictures
from model.sketch.training import SketchPlan, train_sketch

SIDE = 256
"""Side of the made pictures, as in Sketchy."""
SMALL = 64
"""Side to which the first process reduces them."""
ORIGINALS = 50


def make_set(folder: Path, photos: int, sketches: int, classes: int) -> None:
    """Write some pictures, and link them to as many names as the data set has files."""
    rng = np.random.default_rng(0)
    for domain, count in (("photo", photos), ("sketch", sketches)):
        originals = []
        for number in range(ORIGINALS):
            path = folder / f"{domain}-{number}.{'jpg' if domain == 'photo' else 'png'}"
            _made(domain, rng).save(path)
            originals.append(path)
        for number in range(count):
            original = originals[number % ORIGINALS]
            place = folder / domain / f"class-{number % classes:03}"
            place.mkdir(parents=True, exist_ok=True)
            os.link(original, place / f"{number}{original.suffix}")


def _made(domain: str, rng: np.random.Generator) -> Image.Image:
    if domain == "photo":
        return Image.fromarray(rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8))
    sketch = Image.new("L", (SIDE, SIDE), 255)
    ImageDraw.Draw(sketch).line([(int(x), int(y)) for x, y in rng.integers(10, SIDE - 10, (9, 2))], 0, 3)
    return sketch


def features_and_iiae(folder: Path) -> None:
    """Train with the shipped backbone on small pictures."""
    released = next(found for found in checkpoint.released() if found.name == "sketchy")
    _, _, backbone = checkpoint.load_parts(released)
    train_sketch(
        folder / "run",
        replace(PRESETS["sketchy"], image_size=SMALL),
        read_sketchy(folder),
        SketchPlan(recipe=Recipe()),
        tuned=backbone,
    )


def fine_tuning_steps(folder: Path) -> None:
    """Fine-tune for a few steps with pictures of the real size, doodles and icons."""
    preset, recipe = PRESETS["sketchy"], Recipe(epochs=1, runs=1)
    sketch, size = preset.require_sketch(), preset.image_size
    rng = np.random.default_rng(0)

    def noise(channels: int) -> Pictures:
        pixels = rng.integers(0, 256, (4 * recipe.batch, size, size, channels), dtype=np.uint8)
        return Pictures(pixels, np.arange(len(pixels)) % 40)

    backbone = Backbone(sketch.backbone, sketch.feature_size, mirrored=True, classified=True)
    state = backbone.network.state_dict()
    assert backbone.classifier is not None
    head = {f"_fc.{name}": value for name, value in backbone.classifier.state_dict().items()}
    further = FurtherPictures(noise(1), noise(3), (), torch.zeros(0, 1000))
    fine_tune(
        folder / "steps", backbone, {**state, **head}, noise(3), noise(1), size, recipe, further=further
    )


PROCESSES = {"features and IIAE": features_and_iiae, "steps of fine-tuning": fine_tuning_steps}


def main(
    photos: Annotated[int, typer.Option(help="Sketchy Extended has 73,002.")] = 73_002,
    sketches: Annotated[int, typer.Option(help="Sketchy has 75,471.")] = 75_471,
    classes: Annotated[int, typer.Option(help="Sketchy has 125.")] = 125,
    process: Annotated[str, typer.Option(hidden=True)] = "",
    folder: Annotated[Path, typer.Option(hidden=True)] = Path(),
) -> None:
    """Print the table."""
    if process:
        keep_memory()
        PROCESSES[process](folder)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        return
    table = Table("process", "peak, GB", "s", title=f"{photos:,} photos, {sketches:,} sketches")
    with tempfile.TemporaryDirectory() as scratch:
        make_set(Path(scratch), photos, sketches, classes)
        for name in PROCESSES:
            began = time.monotonic()
            command = [
                sys.executable,
                "-m",
                "benchmarks.training_memory",
                "--process",
                name,
                "--folder",
                scratch,
            ]
            ran = subprocess.run(command, capture_output=True, text=True, check=True)
            peak = int(ran.stdout.split()[-1]) / 1e6
            table.add_row(name, f"{peak:.2f}", f"{time.monotonic() - began:.0f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
