"""What scores say and what is so, on classes that neither training nor calibration knew.

    python -m benchmarks.sketch_scores --data DIR --unseen sketchy-25 --checkpoint NAME --checkpoint NAME [--emoji HOME/openmoji]

Sketches of unseen classes are searched for as the service searches, in galleries of other sizes and other things. Models of
several seeds are judged together. With `--emoji`, also among the pictures that `iiae demo` has drawn, which are drawings,
not photos: what is right there goes by their names.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
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

from benchmarks.shared.options import Data, Home, Unseen
from model import checkpoint
from model.data.sketchy import Catalogue, read_catalogue, read_unseen
from model.evaluation.sketch_search import encode_catalogue
from model.inference import Inference
from model.sketch.calibration_fitting import FIRST_HITS, expected_calibration_error
from model.sketch.expansion import expanded_scores
from service.cli.openmoji import thing_name

DRAWN = 3
"""How often galleries of a few photos are drawn."""
OTHER_THINGS = (
    "bellhop bell|bell pepper|bell with cancellation stroke|teddy bear|bowl with spoon|tram|table tennis"
)
"""Emoji whose names have a class's name in them and that show something else."""
ALSO = {"motorcycle": "motor scooter", "squirrel": "chipmunk"}
EDGES = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)

Judged = tuple[Tensor, Tensor]
"""Scores of the first hits of some queries [q, k], and whether they are right."""


class Model:
    """A checkpoint's codes of all pictures, and its scores."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self.inference = checkpoint.load(folder, torch.device("cpu"))
        self.curve = checkpoint.read_manifest(folder).calibration["y_expanded"]
        codes = encode_catalogue(self.inference, catalogue)
        self.photos, self.sketches = codes.zs["x"], codes.zs["y"]
        self.photo_labels, self.sketch_labels = codes.labels["x"].numpy(), codes.labels["y"].numpy()

    def of(self, asked: NDArray[np.int64], shown: NDArray[np.int64]) -> Judged:
        """Sketches by their numbers in a gallery of photos by theirs."""
        right = torch.from_numpy(self.sketch_labels[asked][:, None] == self.photo_labels[shown])
        return self.among(self.sketches[asked], self.photos[shown], right)

    def among(self, sketches: Tensor, photos: Tensor, right: Tensor) -> Judged:
        """The same of codes."""
        found = expanded_scores(sketches, photos)
        cosines, first = found.topk(min(FIRST_HITS, len(photos)), 1)
        probabilities = self.curve.probabilities(cosines.numpy(), len(photos))
        return torch.from_numpy(probabilities), right.gather(1, first)


def galleries(model: Model, unseen: list[int]) -> Iterator[tuple[str, str, list[Judged]]]:
    """Kinds of galleries: a name, how many photos, and what was found in them."""
    everything = sorted(set(model.photo_labels.tolist()))
    asked = np.flatnonzero(np.isin(model.sketch_labels, unseen))

    def shown(classes: list[int], each: int, seed: int = 0) -> NDArray[np.int64]:
        rng = np.random.default_rng(seed)
        return np.concatenate(
            [rng.permutation(np.flatnonzero(model.photo_labels == label))[:each] for label in classes]
        )

    for each in (25, 10, 2, 1):
        drawn = [shown(unseen, each, seed) for seed in range(DRAWN if each < 25 else 1)]
        yield (
            f"{each} of each unseen class",
            str(len(drawn[0])),
            [model.of(asked, photos) for photos in drawn],
        )
    for each in (25, 1):
        drawn = [shown(everything, each, seed) for seed in range(DRAWN if each < 25 else 1)]
        yield (
            f"{each} of each class, seen or unseen",
            str(len(drawn[0])),
            [model.of(asked, photos) for photos in drawn],
        )
    without = [
        model.of(
            np.flatnonzero(model.sketch_labels == label),
            shown([other for other in unseen if other != label], 10),
        )
        for label in unseen
    ]
    yield "10 of each unseen class but the one drawn", str(10 * (len(unseen) - 1)), without


def emoji(
    model: Model, folder: Path, classes: tuple[str, ...], unseen: list[int]
) -> tuple[str, str, list[Judged]]:
    """Unseen classes that are among the emoji, searched for there."""
    files = [path for path in sorted(folder.glob("*.png")) if thing_name(path.stem)]
    names = [str(thing_name(path.stem)).lower() for path in files]
    photos = _codes(model.inference, files)
    judged = []
    for label in unseen:
        word = classes[label].split("_(")[0].replace("_", " ")
        shows = re.compile(rf"\b({re.escape(word)}|{ALSO.get(word, word)})\b")
        right = torch.tensor(
            [bool(shows.search(name)) and not re.search(OTHER_THINGS, name) for name in names]
        )
        if right.any():
            sketches = model.sketches[model.sketch_labels == label]
            judged.append(model.among(sketches, photos, right.expand(len(sketches), -1)))
    return f"emoji; {len(judged)} classes are among them", str(len(files)), judged


@torch.inference_mode()
def _codes(inference: Inference, files: list[Path]) -> Tensor:
    pixels = [inference.prepare(Image.open(path).convert("RGB"), "x") for path in files]
    return torch.cat(
        [
            inference.shared("x", torch.stack(pixels[start : start + 32]))
            for start in range(0, len(pixels), 32)
        ]
    )


def main(
    data: Data,
    names: Annotated[
        list[str], typer.Option("--checkpoint", help="Checkpoints' names or folders, of several seeds.")
    ],
    unseen: Unseen = "sketchy-25",
    emoji_folder: Annotated[
        Path | None, typer.Option("--emoji", help="The folder that `iiae demo` has drawn its pictures into.")
    ] = None,
    home: Home = Path("var"),
) -> None:
    """Print what is said of first hits by kind of gallery, and score by score."""
    catalogue = read_catalogue(data)
    classes = catalogue.classes
    hidden = [classes.index(label) for label in read_unseen(unseen, classes)]
    kinds: dict[str, tuple[str, list[Judged]]] = {}
    for name in names:
        model = Model(checkpoint.find(home / "checkpoints", name), catalogue)
        found = [
            *galleries(model, hidden),
            *([] if emoji_folder is None else [emoji(model, emoji_folder, classes, hidden)]),
        ]
        for kind, photos, judged in found:
            kinds.setdefault(kind, (photos, []))[1].extend(judged)
    heads = (
        "gallery",
        "photos",
        "first hit: said, right",
        f"first {FIRST_HITS}: error",
        "above .9: said, right",
        "hits",
    )
    table = Table(*heads, title=f"{', '.join(names)}, {unseen}")
    everywhere: list[Judged] = []
    for kind, (photos, judged) in kinds.items():
        said, right = (torch.cat([each[place] for each in judged]) for place in (0, 1))
        sure = said > 0.9
        cells = f"{said[sure].mean():.2f}, {right[sure].float().mean():.2f}" if sure.any() else "-"
        table.add_row(
            kind,
            photos,
            f"{said[:, 0].mean():.2f}, {right[:, 0].float().mean():.2f}",
            f"{expected_calibration_error(said.numpy(), right.numpy()):.3f}",
            cells,
            str(int(sure.sum())),
        )
        everywhere += judged if kind.endswith("unseen class") else []
    Console(width=130).print(table)
    _by_score(everywhere)


def _by_score(judged: list[Judged]) -> None:
    said, right = (torch.cat([each[place].flatten() for each in judged]) for place in (0, 1))
    table = Table(
        "score",
        "hits",
        "mean score",
        "right",
        title=f"Galleries of the unseen classes alone, all sizes, first {FIRST_HITS} hits",
    )
    for low, high in pairwise(EDGES):
        inside = (said >= low) & (said < high)
        if inside.any():
            table.add_row(
                f"{low:.1f}-{min(high, 1):.1f}",
                str(int(inside.sum())),
                f"{said[inside].mean():.2f}",
                f"{right[inside].float().mean():.2f}",
            )
    Console(width=130).print(table)


if __name__ == "__main__":
    typer.run(main)
