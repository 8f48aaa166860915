"""Search with photographed, ruled, filled, tiny, transparent and pale drawings, and compare with clean ones.

    python -m benchmarks.hard_drawings --data DIR --unseen sketchy-25 --checkpoint NAME [--picture OUT.jpg]

Sketches of unseen classes are turned into pictures as people send them (`benchmarks.shared.hard_drawings`),
and saved and read as files. The table has the share of sketches that still find a right photo among the first
five, of those that do so when they are clean, and the median place of the first right photo.
"""

import io
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.shared.hard_drawings import HARD, Picture, sheet_of
from benchmarks.shared.options import DEFAULT_HOME, Data, Home, Name, Unseen
from model import checkpoint
from model.allocator import keep_memory
from model.data.sketchy import read_sketchy, read_unseen
from model.images.decode import decode, read_picture
from model.images.formats import MAX_PIXELS
from model.inference import Inference, NoDrawing
from model.sketch.drawings.normalise import normalise
from model.sketch.search_codes import similarities

FIRST = 5
BATCH = 32


def through_a_file(picture: Image.Image) -> Image.Image:
    """Save a picture and read it again, as the service reads drawings."""
    file = io.BytesIO()
    if picture.mode in {"RGBA", "L"}:
        picture.save(file, "PNG")
    else:
        picture.convert("RGB").save(file, "JPEG", quality=90)
    return decode(file.getvalue(), max_pixels=MAX_PIXELS, drawing=True).picture


def codes(inference: Inference, drawings: list[Image.Image]) -> tuple[Tensor, NDArray[np.bool_]]:
    """The codes of the drawings that can be read, and which ones these are."""
    pixels: list[Tensor] = []
    read = np.zeros(len(drawings), bool)
    for number, drawing in enumerate(drawings):
        try:
            pixels.append(inference.prepare(drawing, "y"))
            read[number] = True
        except NoDrawing:
            continue
    starts = range(0, len(pixels), BATCH)
    found = [inference.search_codes("y", torch.stack(pixels[start : start + BATCH])) for start in starts]
    return torch.cat(found) if found else torch.empty(0, inference.search_size), read


def places(queries: Tensor, labels: Tensor, photos: Tensor, photo_labels: Tensor) -> NDArray[np.int64]:
    """The place of the first right photo of each query, from 1."""
    order = similarities(queries, photos).argsort(1, descending=True)
    right = photo_labels[order] == labels[:, None]
    return (right.int().argmax(1) + 1).numpy()


def main(
    data: Data,
    unseen: Unseen = "sketchy-25",
    name: Name = "sketchy",
    home: Home = DEFAULT_HOME,
    each: Annotated[int, typer.Option(min=1, help="Sketches of each class.")] = 5,
    picture: Annotated[
        Path | None, typer.Option(help="Write a picture of drawings, before and after.")
    ] = None,
) -> None:
    """Print the table."""
    keep_memory()
    inference = checkpoint.load(checkpoint.find(home / "checkpoints", name), torch.device("cpu"))
    catalogue = read_sketchy(data)
    hidden = catalogue.only(read_unseen(unseen, catalogue.classes))
    files = [
        entry
        for label in hidden.classes
        for entry in [file for file in hidden.sketches if file[1] == label][:each]
    ]
    sketches = [read_picture(path) for path, _ in files]
    labels = torch.tensor([hidden.classes.index(label) for _, label in files])
    photos = torch.cat(
        [
            inference.search_codes("x", torch.stack([inference.read(path, "x") for path, _ in part]))
            for part in (
                hidden.photos[start : start + BATCH] for start in range(0, len(hidden.photos), BATCH)
            )
        ]
    )
    photo_labels = torch.tensor([hidden.classes.index(label) for _, label in hidden.photos])

    def first_right(turn: Picture | None) -> NDArray[np.int64]:
        """The place of each sketch's first right photo; 0 if the drawing is refused."""
        drawings = [
            through_a_file(turn(sketch, np.random.default_rng((1, number)))) if turn else sketch
            for number, sketch in enumerate(sketches)
        ]
        queries, read = codes(inference, drawings)
        found = np.zeros(len(drawings), np.int64)
        found[read] = places(queries, labels[torch.from_numpy(read)], photos, photo_labels)
        return found

    clean = first_right(None)
    found_clean = clean <= FIRST
    table = Table(
        "drawings", f"still in the first {FIRST}", "median place", "refused", title=f"{name}: {unseen}"
    )
    table.add_row("clean", f"{found_clean.sum()} of {len(clean)}", f"{np.median(clean):.0f}", "0")
    for kind, turn in HARD.items():
        hard = first_right(turn)[found_clean]
        still = ((hard > 0) & (hard <= FIRST)).mean()
        table.add_row(kind, f"{still:.2f}", f"{np.median(hard[hard > 0]):.0f}", str((hard == 0).sum()))
    Console(width=110).print(table)
    if picture is not None:
        _before_and_after(sketches[:: max(1, len(sketches) // 6)][:6]).convert("RGB").save(
            picture, quality=88
        )


def _before_and_after(sketches: list[Image.Image]) -> Image.Image:
    """One row for each kind: the picture, and the drawing that the model gets."""
    rows: list[list[Image.Image]] = []
    for turn in HARD.values():
        row: list[Image.Image] = []
        for number, sketch in enumerate(sketches):
            hard = turn(sketch, np.random.default_rng((1, number)))
            try:
                read = normalise(through_a_file(hard))
            except NoDrawing:
                read = Image.new("L", (64, 64), "lightgrey")
            backdrop = Image.new("RGBA", hard.size, "#a8c8a8")
            backdrop.alpha_composite(hard.convert("RGBA"))
            row += [backdrop, read]
        rows.append(row)
    return sheet_of(rows, 110)


if __name__ == "__main__":
    typer.run(main)
