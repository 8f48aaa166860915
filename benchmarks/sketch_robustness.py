"""Measure sketch search with degraded sketches.

    python -m benchmarks.sketch_robustness --data DIR --unseen sketchy-25 --checkpoint NAME

Each sketch of the unseen classes is degraded in one way at a time, and then searches all photos of these
classes.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from rich.console import Console
from rich.table import Table
from scipy import ndimage
from torch import Tensor

from benchmarks.shared.doodles import doodle
from benchmarks.shared.options import DEFAULT_HOME, Data, Home, Name, Unseen
from model import checkpoint
from model.allocator import keep_memory
from model.data.sketchy import SketchyFiles, read_sketchy, read_unseen
from model.images.decode import read_picture
from model.inference import Inference
from model.metrics import mean_average_precision, precision_at, ranked_relevance
from model.presets import Side
from model.sketch.drawings.normalise import NoDrawing
from model.sketch.drawings.strokes import strokes
from model.sketch.drawings.thinning import thin
from model.sketch.search_codes import similarities

Degrade = Callable[[Image.Image, np.random.Generator], Image.Image]
"""A function that degrades a sketch."""
Grey = NDArray[np.float32]


def clean(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The unchanged sketch."""
    return sketch


def thick(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Strokes about 6 pixels wider, in pictures of 256 pixels."""
    return _picture(ndimage.grey_erosion(_grey(sketch), footprint=_disc(3)))


def thinner(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Strokes of one pixel."""
    return _picture(np.where(thin(_grey(sketch) < 0.5), 0, 1))


def corner(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Half the size, in a random corner of the paper."""
    paper = Image.new("L", sketch.size, 255)
    half = sketch.convert("L").resize((sketch.width // 2, sketch.height // 2), Image.Resampling.LANCZOS)
    paper.paste(
        half,
        (
            int(rng.integers(2)) * (sketch.width - half.width),
            int(rng.integers(2)) * (sketch.height - half.height),
        ),
    )
    return paper


def turned(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Rotated by 15 degrees to a random side, on larger paper."""
    return sketch.convert("L").rotate(
        float(rng.choice([-15, 15])), Image.Resampling.BICUBIC, expand=True, fillcolor=255
    )


def missing(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """30 % of the ink erased, in pieces of up to 24 pixels."""
    grey = _grey(sketch)
    ink = grey < 0.5
    pixels = np.argwhere(ink)
    erased = np.zeros_like(ink)
    while np.count_nonzero(ink & erased) < 0.3 * len(pixels):
        row, column = pixels[rng.integers(len(pixels))]
        reach = int(rng.integers(4, 13))
        erased[max(0, row - reach) : row + reach, max(0, column - reach) : column + reach] = True
    return _picture(np.where(ndimage.binary_dilation(erased & ink, iterations=2), 1, grey))


def jitter(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Drawn with a mouse: every fourth pixel of a stroke moves by about 2 pixels."""
    paper = Image.new("L", sketch.size, 255)
    pen = ImageDraw.Draw(paper)
    for stroke in strokes(thin(_grey(sketch) < 0.5)):
        points = stroke[np.unique(np.append(np.arange(0, len(stroke), 4), len(stroke) - 1))]
        moved = points + rng.normal(0, 2, points.shape)
        pen.line([(float(x), float(y)) for x, y in moved], fill=0, width=2, joint="curve")
    return paper


def phone(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A phone photo: grey paper in uneven light, blurred, noisy, rotated, 640 pixels wide."""
    size = 640
    ink = 1 - np.asarray(sketch.convert("L").resize((size, size), Image.Resampling.BICUBIC), np.float32) / 255
    ink = ndimage.gaussian_filter(ndimage.rotate(ink, float(rng.uniform(-4, 4)), reshape=False), 1.2)
    y, x = np.meshgrid(np.linspace(-1, 1, size), np.linspace(-1, 1, size), indexing="ij")
    direction = rng.uniform(0, 2 * np.pi)
    light = 0.68 + 0.17 * (x * np.cos(direction) + y * np.sin(direction)) - 0.08 * (x**2 + y**2)
    grey = light * (1 - 0.75 * ink)
    colour = grey[..., None] * np.array([1.0, 0.97, 0.9]) + rng.normal(0, 0.025, (size, size, 3))
    return Image.fromarray((255 * colour.clip(0, 1)).astype(np.uint8))


def compressed(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A JPEG of quality 30."""
    file = io.BytesIO()
    sketch.convert("L").save(file, "JPEG", quality=30)
    return Image.open(file)


def chalk(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """White on black."""
    return _picture(1 - _grey(sketch))


def coloured(sketch: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A coloured pen on cream paper."""
    ink = 1 - _grey(sketch)[..., None]
    pen = np.array([(0.85, 0.1, 0.1), (0.1, 0.25, 0.8), (0.05, 0.5, 0.2), (0.9, 0.45, 0.0)])[rng.integers(4)]
    return Image.fromarray(
        (255 * (np.array([0.99, 0.97, 0.88]) * (1 - ink) + pen * ink)).round().astype(np.uint8)
    )


DEGRADED: dict[str, Degrade] = {
    "clean": clean,
    "thick strokes": thick,
    "thin strokes": thinner,
    "half size in a corner": corner,
    "rotated by 15°": turned,
    "30 % of the ink missing": missing,
    "mouse jitter": jitter,
    "phone photo": phone,
    "JPEG, quality 30": compressed,
    "white on black": chalk,
    "coloured pen": coloured,
    "doodle": doodle,
}


def _grey(sketch: Image.Image) -> Grey:
    return np.asarray(sketch.convert("L"), np.float32) / np.float32(255)


def _picture(grey: NDArray[np.generic]) -> Image.Image:
    return Image.fromarray((255 * np.asarray(grey, np.float64)).round().astype(np.uint8))


def _disc(radius: int) -> NDArray[np.bool_]:
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(x**2 + y**2 <= radius**2)


def encoded(inference: Inference, side: Side, pictures: list[Image.Image]) -> tuple[Tensor, list[int]]:
    """Codes of pictures as the service prepares them, and the indices of the pictures with a drawing."""
    pixels, with_ink = [], []
    for number, picture in enumerate(pictures):
        try:
            pixels.append(inference.prepare(picture.convert("RGB"), side))
            with_ink.append(number)
        except NoDrawing:
            continue
    return torch.cat(
        [
            inference.search_codes(side, torch.stack(pixels[start : start + 32]))
            for start in range(0, len(pixels), 32)
        ]
    ), with_ink


def opened(files: tuple[tuple[Path, str], ...], classes: tuple[str, ...]) -> tuple[list[Image.Image], Tensor]:
    """Pictures and their class numbers."""
    return [read_picture(path) for path, _ in files], torch.tensor(
        [classes.index(label) for _, label in files]
    )


def row(
    inference: Inference,
    sketches: list[Image.Image],
    labels: Tensor,
    photos: Tensor,
    photo_labels: Tensor,
    degrade: Degrade,
) -> tuple[float, float, int]:
    """mAP@all and P@10 of degraded sketches, and the number refused as empty. These find nothing."""
    codes, with_ink = encoded(
        inference,
        "y",
        [degrade(sketch, np.random.default_rng((0, number))) for number, sketch in enumerate(sketches)],
    )
    relevant = ranked_relevance(similarities(codes, photos), labels[with_ink], photo_labels)
    share = len(with_ink) / len(sketches)
    return (
        share * mean_average_precision(relevant),
        share * precision_at(relevant, 10),
        len(sketches) - len(with_ink),
    )


def main(
    data: Data,
    unseen: Unseen = "sketchy-25",
    name: Name = "sketchy",
    home: Home = DEFAULT_HOME,
    every: Annotated[int, typer.Option(min=1, help="Use only every n-th sketch.")] = 1,
    picture: Annotated[Path | None, typer.Option(help="Write a picture of the degraded sketches.")] = None,
) -> None:
    """Print the table."""
    keep_memory()
    inference = checkpoint.load(checkpoint.find(home / "checkpoints", name), torch.device("cpu"))
    catalogue = read_sketchy(data)
    unseen_files = catalogue.only(read_unseen(unseen, catalogue.classes))
    chosen = SketchyFiles(unseen_files.photos, unseen_files.sketches[::every])
    photos, photo_labels = opened(chosen.photos, chosen.classes)
    sketches, labels = opened(chosen.sketches, chosen.classes)
    if picture is not None:
        _samples(sketches[:: max(1, len(sketches) // 8)][:8]).save(picture)
    gallery, _ = encoded(inference, "x", photos)
    table = Table(
        "sketches",
        "mAP@all",
        ": clean",
        "P@10",
        "refused as empty",
        title=f"{name}: {len(sketches)} sketches, {len(photos)} photos of unseen classes",
    )
    found = {
        kind: row(inference, sketches, labels, gallery, photo_labels, degrade)
        for kind, degrade in DEGRADED.items()
    }
    best = found["clean"][0]
    for kind, (precision, first_ten, empty) in found.items():
        table.add_row(kind, f"{precision:.3f}", f"{precision / best:.2f}", f"{first_ten:.3f}", str(empty))
    ratios = [found[kind][0] / best for kind in DEGRADED if kind not in {"clean", "doodle"}]
    table.add_row("mean of the degraded", "", f"{np.mean(ratios):.2f}", "", "", end_section=True)
    Console(width=110).print(table)


def _samples(sketches: list[Image.Image]) -> Image.Image:
    """A picture with one row per degradation."""
    side = 112
    sheet = Image.new("RGB", (side * len(sketches), side * len(DEGRADED)), "white")
    for down, degrade in enumerate(DEGRADED.values()):
        for right, sketch in enumerate(sketches):
            degraded = degrade(sketch, np.random.default_rng((0, right))).convert("RGB")
            sheet.paste(degraded.resize((side, side), Image.Resampling.LANCZOS), (right * side, down * side))
    return sheet


if __name__ == "__main__":
    typer.run(main)
