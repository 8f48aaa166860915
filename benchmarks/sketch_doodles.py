"""Search photos with real doodles of classes that no model has seen.

    python -m benchmarks.sketch_doodles --data DIR --doodles DIR --unseen sketchy-25 --checkpoint s25-0
        [--emoji DIR [--picture FILE]]

Every doodle whose name is an unseen class searches the photos of the unseen classes, and the photos of all
classes. The table has precision at 10, and the shares with a right photo first and among the first five.
`--emoji` adds a gallery of emoji, searched with doodles of all things that it shows by name: the demo's
pictures (`service/demo/things`), or OpenMoji's (`benchmarks.shared.openmoji`).
`--picture` draws 40 of these doodles with their first hits.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.shared.contact_sheet import Row, contact_sheet
from benchmarks.shared.emoji import emoji_pictures, shown_by
from benchmarks.shared.options import DEFAULT_HOME, Data, Home, Unseen
from model import checkpoint
from model.allocator import keep_memory
from model.cli.options import Device, choose_device
from model.data.quickdraw import DoodleFiles, read_quickdraw
from model.data.sketchy import read_sketchy, read_unseen
from model.data.thing_names import same_thing, thing_of
from model.inference import Inference
from model.metrics import mean_average_precision, precision_at, ranked_relevance
from model.presets import Side
from model.sketch.expansion import expanded_scores
from model.sketch.pictures import Pictures, decode, decode_doodles
from model.sketch.search_codes import similarities

BATCH = 64
MOST, MOST_OF_EMOJI = 80, 20
"""Doodles of each class."""
SCORES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"plain": similarities, "expanded": expanded_scores}
SHOWN, HITS = 40, 6
"""Doodles of the picture, one a thing, and hits of each."""


@torch.inference_mode()
def codes(inference: Inference, side: Side, pictures: Pictures, *, drawn: bool = False) -> Tensor:
    """The search codes of pictures, [n, s], for galleries of drawn pictures or of photos."""
    parts = [inference.search_codes(side, batch, drawn=drawn).cpu() for batch in pictures.batches(BATCH)]
    return torch.cat(parts)


def doodles_of(files: DoodleFiles, classes: tuple[str, ...]) -> tuple[DoodleFiles, list[int]]:
    """The doodles that show one of the classes, and the number of each doodle class in `classes`."""
    shown = [
        (path, label) for path, label in files.files if any(same_thing(label, other) for other in classes)
    ]
    chosen = DoodleFiles(tuple(shown))
    numbers = [
        next(number for number, other in enumerate(classes) if same_thing(label, other))
        for label in chosen.classes
    ]
    return chosen, numbers


def emoji_of(folder: Path, files: DoodleFiles) -> tuple[list[Path], DoodleFiles, Tensor]:
    """A folder's pictures, doodles of things that they show, and whether a picture shows a doodle's thing.

    The last is [things, pictures]. A thing is shown if a picture has its name, or its face.
    """
    paths, names = emoji_pictures(folder)
    chosen = DoodleFiles(tuple(entry for entry in files.files if thing_of(entry[1]) in names))
    return paths, chosen, shown_by(names, chosen.classes)


def search_emoji(
    inference: Inference, folder: Path, files: DoodleFiles, picture: Path | None
) -> dict[str, Tensor]:
    """Whether the hits of each doodle are right, best first, [doodles, pictures], for each kind of score.

    Args:
        inference: a sketch model.
        folder: pictures of emoji.
        files: doodles of any things.
        picture: where to draw some searches without expansion; None does not.
    """
    paths, chosen, right = emoji_of(folder, files)
    doodles = decode_doodles(chosen, MOST_OF_EMOJI, inference.preset.image_size, 0)
    pictures = decode([(path, "emoji") for path in paths], ("emoji",), inference.preset.image_size)
    queries = codes(inference, "y", doodles, drawn=True)
    gallery = codes(inference, "x", pictures, drawn=True)
    orders = {kind: score(queries, gallery).argsort(1, descending=True) for kind, score in SCORES.items()}
    relevant = {
        kind: right[torch.from_numpy(doodles.labels)].gather(1, order) for kind, order in orders.items()
    }
    if picture is not None:
        rng = np.random.default_rng(0)
        things = rng.permutation(len(chosen.classes))[:SHOWN]
        examples = [int(rng.choice(np.flatnonzero(doodles.labels == thing))) for thing in things]
        contact_sheet(
            [
                Row(
                    Image.fromarray(doodles.pixels[np.array([query])][0, :, :, 0]),
                    [
                        (
                            Image.open(paths[orders["plain"][query, place]]),
                            bool(relevant["plain"][query, place]),
                        )
                        for place in range(HITS)
                    ],
                )
                for query in examples
            ]
        ).save(picture, quality=85)
    return relevant


def figures(relevant: Tensor) -> list[str]:
    """The cells of a row, from whether each hit is right, best first, [queries, hits]."""
    return [
        f"{precision_at(relevant, 10):.3f}",
        f"{precision_at(relevant, 1):.3f}",
        f"{relevant[:, :5].any(1).float().mean():.3f}",
        f"{mean_average_precision(relevant):.3f}",
    ]


def main(
    data: Data,
    doodles: Annotated[Path, typer.Option(help="Folder of doodles, <class>.npy.")],
    names: Annotated[list[str], typer.Option("--checkpoint", help="A checkpoint's name or folder.")],
    unseen: Unseen = "sketchy-25",
    emoji: Annotated[Path | None, typer.Option(help="Folder of emoji, see above.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Draw searches of the emoji to this file.")] = None,
    home: Home = DEFAULT_HOME,
    device: Device = "cpu",
) -> None:
    """Print the table."""
    keep_memory()
    catalogue = read_sketchy(data)
    classes = catalogue.classes
    hidden = read_unseen(unseen, classes)
    found = read_quickdraw(doodles)
    chosen, numbers = doodles_of(found, hidden)
    places = [classes.index(hidden[number]) for number in numbers]
    table = Table(
        "checkpoint",
        "gallery",
        "scores",
        "P@10",
        "first right",
        "one of five right",
        "mAP@all",
        title=f"{unseen}: doodles of {len(places)} unseen classes",
    )
    for name in names:
        inference = checkpoint.load(checkpoint.find(home / "checkpoints", name), choose_device(device))
        size = inference.preset.image_size
        photos = decode(catalogue.photos, classes, size)
        drawn = decode_doodles(chosen, MOST, size, 0)
        labels = torch.from_numpy(np.array(places)[drawn.labels])
        gallery, queries = codes(inference, "x", photos), codes(inference, "y", drawn)
        photo_labels = torch.from_numpy(photos.labels)
        in_hidden = torch.isin(photo_labels, torch.tensor([classes.index(label) for label in hidden]))
        for title, shown in (
            ("photos of unseen classes", in_hidden),
            ("photos of all classes", torch.ones_like(in_hidden)),
        ):
            for kind, score in SCORES.items():
                relevant = ranked_relevance(score(queries, gallery[shown]), labels, photo_labels[shown])
                table.add_row(name, f"{title}, {int(shown.sum())}", kind, *figures(relevant))
        if emoji is not None:
            for kind, relevant in search_emoji(inference, emoji, found, picture).items():
                table.add_row(name, f"{emoji.name}, {relevant.shape[1]} pictures", kind, *figures(relevant))
    Console(width=130).print(table)


if __name__ == "__main__":
    typer.run(main)
