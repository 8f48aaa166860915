"""Compare scores with the share of right hits, on classes that neither training nor calibration used.

    python -m benchmarks.sketch_scores --data DIR --unseen sketchy-25 --checkpoint NAME --checkpoint NAME

Sketches of unseen classes search galleries of different sizes and classes, with the service's query
expansion. The results of several seeds' models are pooled. `benchmarks.sketch_grades` measures the grades.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.shared.options import DEFAULT_HOME, Data, Home, Unseen
from model import checkpoint
from model.data.sketchy import SketchyFiles, read_sketchy, read_unseen
from model.evaluation.sketch_search import encode_catalogue
from model.sketch.calibration_fitting import FIRST_HITS, expected_calibration_error
from model.sketch.expansion import expanded_scores

REPEATS = 3
"""Number of random galleries of each kind. A kind that uses all photos has only one."""
SCORE_EDGES = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)

Hits = tuple[Tensor, Tensor]
"""Scores of the first hits of queries, [q, k], and whether they are right, [q, k]."""


class Model:
    """A checkpoint's codes of all pictures, and its calibration curve."""

    def __init__(self, folder: Path, catalogue: SketchyFiles) -> None:
        self.curve = checkpoint.read_manifest(folder).calibration["y_expanded"]
        codes = encode_catalogue(checkpoint.load(folder, torch.device("cpu")), catalogue)
        self.photos, self.sketches = codes.search["x"], codes.search["y"]
        self.photo_labels, self.sketch_labels = codes.labels["x"].numpy(), codes.labels["y"].numpy()

    def search(self, queries: NDArray[np.int64], gallery: NDArray[np.int64]) -> Hits:
        """Search a gallery. The arguments are indices of sketches and indices of photos."""
        right = torch.from_numpy(self.sketch_labels[queries][:, None] == self.photo_labels[gallery])
        return self.search_codes(self.sketches[queries], self.photos[gallery], right)

    def search_codes(self, sketches: Tensor, photos: Tensor, right: Tensor) -> Hits:
        """Search photo codes [n, d] with sketch codes [q, d]; `right` marks the right photos, [q, n]."""
        scores = expanded_scores(sketches, photos)
        cosines, first = scores.topk(min(FIRST_HITS, len(photos)), 1)
        probabilities = self.curve.probabilities(cosines.numpy(), len(photos))
        return torch.from_numpy(probabilities), right.gather(1, first)


def galleries(model: Model, unseen: list[int]) -> Iterator[tuple[str, str, list[Hits]]]:
    """For each kind of gallery: its name, its number of photos, and the hits in it."""
    all_classes = sorted(set(model.photo_labels.tolist()))
    queries = np.flatnonzero(np.isin(model.sketch_labels, unseen))

    def sample(classes: list[int], each: int, seed: int = 0) -> NDArray[np.int64]:
        rng = np.random.default_rng(seed)
        return np.concatenate(
            [rng.permutation(np.flatnonzero(model.photo_labels == label))[:each] for label in classes]
        )

    for each in (25, 10, 2, 1):
        samples = [sample(unseen, each, seed) for seed in range(REPEATS if each < 25 else 1)]
        yield (
            f"{each} of each unseen class",
            str(len(samples[0])),
            [model.search(queries, photos) for photos in samples],
        )
    for each in (25, 1):
        samples = [sample(all_classes, each, seed) for seed in range(REPEATS if each < 25 else 1)]
        yield (
            f"{each} of each class, seen or unseen",
            str(len(samples[0])),
            [model.search(queries, photos) for photos in samples],
        )
    without = [
        model.search(
            np.flatnonzero(model.sketch_labels == label),
            sample([other for other in unseen if other != label], 10),
        )
        for label in unseen
    ]
    yield "10 of each unseen class except the query's", str(10 * (len(unseen) - 1)), without


def main(
    data: Data,
    names: Annotated[
        list[str], typer.Option("--checkpoint", help="Names or folders of checkpoints, of several seeds.")
    ],
    unseen: Unseen = "sketchy-25",
    home: Home = DEFAULT_HOME,
) -> None:
    """Print scores and shares of right hits, by kind of gallery and by score."""
    catalogue = read_sketchy(data)
    classes = catalogue.classes
    hidden = [classes.index(label) for label in read_unseen(unseen, classes)]
    kinds: dict[str, tuple[str, list[Hits]]] = {}
    for name in names:
        model = Model(checkpoint.find(home / "checkpoints", name), catalogue)
        for kind, photos, hits in galleries(model, hidden):
            kinds.setdefault(kind, (photos, []))[1].extend(hits)
    heads = (
        "gallery",
        "photos",
        "first hit: score, right",
        f"first {FIRST_HITS}: error",
        "above .9: score, right",
        "hits",
    )
    table = Table(*heads, title=f"{', '.join(names)}, {unseen}")
    unseen_hits: list[Hits] = []
    for kind, (photos, hits) in kinds.items():
        scores, right = (torch.cat([each[place] for each in hits]) for place in (0, 1))
        sure = scores > 0.9
        cells = f"{scores[sure].mean():.2f}, {right[sure].float().mean():.2f}" if sure.any() else "-"
        table.add_row(
            kind,
            photos,
            f"{scores[:, 0].mean():.2f}, {right[:, 0].float().mean():.2f}",
            f"{expected_calibration_error(scores.numpy(), right.numpy()):.3f}",
            cells,
            str(int(sure.sum())),
        )
        unseen_hits += hits if kind.endswith("unseen class") else []
    Console(width=130).print(table)
    _print_by_score(unseen_hits)


def _print_by_score(hits: list[Hits]) -> None:
    scores, right = (torch.cat([each[place].flatten() for each in hits]) for place in (0, 1))
    table = Table(
        "score",
        "hits",
        "mean score",
        "right",
        title=f"All galleries of only unseen classes, first {FIRST_HITS} hits",
    )
    for low, high in pairwise(SCORE_EDGES):
        inside = (scores >= low) & (scores < high)
        if inside.any():
            table.add_row(
                f"{low:.1f}-{min(high, 1):.1f}",
                str(int(inside.sum())),
                f"{scores[inside].mean():.2f}",
                f"{right[inside].float().mean():.2f}",
            )
    Console(width=130).print(table)


if __name__ == "__main__":
    typer.run(main)
