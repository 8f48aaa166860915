"""Measure what the grades of hits promise: how many first hits are strong, and how many of these are right.

    python -m benchmarks.sketch_grades --data DIR --doodles DIR --unseen sketchy-25 --checkpoint NAME
        [--emoji OPENMOJI]

The doodles must be others than those of the training. Sketches and doodles of unseen classes, doodles of
classes trained on, and photos search galleries of photos. With `--emoji`, sketches of unseen classes and
doodles also search the demo's gallery, which has drawn pictures. Queries are expanded as by the service's
default: only among photos.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.shared.emoji import emoji_pictures, shown_by
from benchmarks.shared.options import DEFAULT_HOME, Data, Home, Name, Unseen
from benchmarks.sketch_doodles import codes, doodles_of
from model import checkpoint
from model.allocator import keep_memory
from model.data.quickdraw import DoodleFiles, read_quickdraw
from model.data.sketchy import SketchyFiles, read_sketchy, read_unseen
from model.data.thing_names import thing_of
from model.inference import Inference
from model.manifest import Manifest
from model.presets import QueryKind
from model.sketch.calibration import Grade
from model.sketch.expansion import expanded_scores
from model.sketch.pictures import decode, decode_classes, decode_doodles
from model.sketch.search_codes import similarities

GRADES: tuple[Grade, ...] = ("strong", "possible", "weak")
MOST = 20
"""Doodles of each class."""
Searches = tuple[str, str, QueryKind, Tensor, Tensor, Tensor]
"""Names of queries and gallery, the kind of query, codes of both, and whether photos are right, [q, n]."""


def among_photos(
    inference: Inference,
    manifest: Manifest,
    catalogue: SketchyFiles,
    files: DoodleFiles,
    hidden: tuple[str, ...],
) -> Iterator[Searches]:
    """Searches among the photos of unseen classes, and among those of all classes."""
    classes, size = catalogue.classes, inference.preset.image_size
    photos, sketches = decode_classes(catalogue, classes, inference.preset)
    chosen, numbers = doodles_of(files, classes)
    doodles = decode_doodles(chosen, MOST, size, 0)
    gallery, sketch_codes = codes(inference, "x", photos), codes(inference, "y", sketches)
    doodle_codes, doodle_labels = codes(inference, "y", doodles), np.array(numbers)[doodles.labels]
    unseen = [classes.index(label) for label in hidden]
    trained = [
        number
        for number, label in enumerate(classes)
        if label not in hidden and label not in (manifest.held_out or ())
    ]
    kind = manifest.query_kind("y", expand=True)
    for title, shown in (
        ("photos of unseen classes", np.isin(photos.labels, unseen)),
        ("photos of all classes", np.ones(len(photos.labels), bool)),
    ):
        labels = torch.from_numpy(photos.labels[shown])
        for name, queries, of, places in (
            ("sketches of unseen classes", sketch_codes, sketches.labels, unseen),
            ("doodles of unseen classes", doodle_codes, doodle_labels, unseen),
            ("doodles of trained classes", doodle_codes, doodle_labels, trained if shown.all() else []),
        ):
            wanted = np.isin(of, places)
            right = torch.from_numpy(of[wanted])[:, None] == labels
            yield name, title, kind, queries[wanted], gallery[shown], right
    shown = np.isin(photos.labels, unseen)
    labels = torch.from_numpy(photos.labels[shown])
    right = labels[:, None] == labels
    yield "photos of unseen classes", "their other photos", "x", gallery[shown], gallery[shown], right


def among_emoji(
    inference: Inference,
    manifest: Manifest,
    catalogue: SketchyFiles,
    files: DoodleFiles,
    hidden: tuple[str, ...],
    folder: Path,
) -> Iterator[Searches]:
    """Searches among the demo's pictures, by drawings of what they show."""
    size = inference.preset.image_size
    paths, names = emoji_pictures(folder)
    pictures = decode([(path, "emoji") for path in paths], ("emoji",), size)
    gallery = codes(inference, "x", pictures, drawn=True)
    kind, title = manifest.query_kind("y", drawn=True), f"{len(paths)} emoji"
    chosen = DoodleFiles(tuple(entry for entry in files.files if thing_of(entry[1]) in names))
    doodles = decode_doodles(chosen, MOST, size, 0)
    right = shown_by(names, chosen.classes)[torch.from_numpy(doodles.labels)]
    yield "doodles of all things", title, kind, codes(inference, "y", doodles, drawn=True), gallery, right
    if classes := tuple(label for label in hidden if shown_by(names, [label]).any()):
        _, sketches = decode_classes(catalogue, classes, inference.preset)
        right = shown_by(names, classes)[torch.from_numpy(sketches.labels)]
        queries = codes(inference, "y", sketches, drawn=True)
        yield "sketches of unseen classes", title, kind, queries, gallery, right


def first_hits(manifest: Manifest, searches: Searches) -> tuple[list[Grade | None], Tensor]:
    """The grade of each query's first hit, and whether it is right."""
    _, _, kind, queries, gallery, right = searches
    scores = (expanded_scores if kind == "y_expanded" else similarities)(queries, gallery)
    if kind == "x":
        scores.fill_diagonal_(-torch.inf)  # a photo is no hit of its own
    best, places = scores.max(1)
    grades = [manifest.grade(kind, manifest.score(kind, float(score), len(gallery))) for score in best]
    return grades, right.gather(1, places[:, None])[:, 0]


@torch.inference_mode()
def main(
    data: Data,
    doodles: Annotated[Path, typer.Option(help="Folder of doodles, <class>.npy, that were not trained on.")],
    unseen: Unseen = "sketchy-25",
    name: Name = "sketchy",
    emoji: Annotated[
        Path | None, typer.Option(help="Folder of the pictures that `iiae demo` renders.")
    ] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Print the table: for each grade, its share of the first hits, and how many of them are right."""
    keep_memory()
    folder = checkpoint.find(home / "checkpoints", name)
    inference, manifest = checkpoint.load(folder, torch.device("cpu")), checkpoint.read_manifest(folder)
    catalogue, files = read_sketchy(data), read_quickdraw(doodles)
    # A model without held-out classes was trained on all classes.
    hidden = read_unseen(unseen, catalogue.classes) if manifest.held_out else ()
    found = [among_photos(inference, manifest, catalogue, files, hidden)]
    if emoji is not None:
        found.append(among_emoji(inference, manifest, catalogue, files, hidden, emoji))
    table = Table("queries", "gallery", "right", *GRADES, title=f"{manifest.name}, {unseen}: first hits")
    for searches in (each for group in found for each in group):
        if not len(searches[-1]):
            continue
        grades, right = first_hits(manifest, searches)
        if None in grades:
            raise typer.BadParameter(f"{manifest.name} has no curve for {searches[2]}; calibrate it first")
        cells = []
        for grade in GRADES:
            of = torch.tensor([each == grade for each in grades])
            share = f"{right[of].float().mean():.2f}" if of.any() else "-"
            cells.append(f"{of.float().mean():.2f}: {share} right")
        table.add_row(*searches[:2], f"{right.float().mean():.2f}", *cells)
    Console(width=140).print(table)


if __name__ == "__main__":
    typer.run(main)
