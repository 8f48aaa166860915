"""Compare re-ranking methods, and queries of several pictures.

    python -m benchmarks.sketch_reranking --data DIR --unseen sketchy-25 --checkpoint NAME

Figures are for the held-out and the unseen classes. Base a choice on the held-out classes only. Query
expansion is also measured on galleries with few photos per class, five random galleries each.
"""

from collections.abc import Iterator
from copy import copy
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.shared.class_split import class_split
from benchmarks.shared.options import DEFAULT_HOME, Data, Home, Name, Unseen
from model import checkpoint
from model.data.sketchy import SketchyFiles, read_sketchy
from model.evaluation.sketch_search import encode_catalogue
from model.inference import Inference
from model.metrics import mean_average_precision, precision_at, ranked_relevance
from model.sketch.expansion import MAX_HITS, expanded_scores

NEIGHBOURS = 10
"""Number of nearest codes that measure whether a photo is a hub: near to many codes."""


class Search:
    """Search codes of photos and sketches of some classes, and their class numbers."""

    def __init__(self, inference: Inference, catalogue: SketchyFiles) -> None:
        codes = encode_catalogue(inference, catalogue)
        self.photos, self.sketches = codes.search["x"], codes.search["y"]
        self.photo_labels, self.sketch_labels = codes.labels["x"], codes.labels["y"]

    def figures(self, scores: Tensor, labels: Tensor | None = None) -> str:
        """mAP@all and P@10."""
        relevant = ranked_relevance(
            scores, self.sketch_labels if labels is None else labels, self.photo_labels
        )
        return f"{mean_average_precision(relevant):.3f}, {precision_at(relevant, 10):.3f}"

    def expanded(self, hits: int, weight: float) -> Tensor:
        """Scores of queries after the mean of their first hits is added."""
        near = (self.sketches @ self.photos.T).topk(hits).indices
        return (
            F.normalize(F.normalize(self.sketches) + weight * F.normalize(self.photos[near].mean(1)))
            @ self.photos.T
        )

    def expanded_as_served(self) -> Tensor:
        """Scores of the service's query expansion."""
        return expanded_scores(self.sketches, self.photos)

    def with_few_photos(self, count: int, seed: int) -> "Search":
        """The same sketches, and `count` random photos of each class."""
        rng, few = np.random.default_rng(seed), copy(self)
        labels = self.photo_labels.numpy()
        chosen = torch.from_numpy(
            np.concatenate(
                [
                    rng.choice(np.flatnonzero(labels == label), count, replace=False)
                    for label in np.unique(labels)
                ]
            )
        )
        few.photos, few.photo_labels = self.photos[chosen], self.photo_labels[chosen]
        return few

    def without_hubs(self, bank: Tensor, weight: float) -> Tensor:
        """Scores minus `weight` times the mean similarity of each photo to its nearest codes in a bank."""
        near = self.photos @ bank.T
        if bank is self.photos:
            near.fill_diagonal_(-1)
        return self.sketches @ self.photos.T - weight * near.topk(NEIGHBOURS).values.mean(1)

    def mean_of_sketches(self, count: int, seed: int) -> tuple[Tensor, Tensor]:
        """Scores of means of `count` sketches of one class, one query per sketch, and their labels."""
        rng = np.random.default_rng(seed)
        groups = [
            rng.choice(np.flatnonzero(self.sketch_labels.numpy() == int(label)), count, replace=False)
            for label in self.sketch_labels
        ]
        return self.sketches[torch.from_numpy(np.stack(groups))].mean(1) @ self.photos.T, self.sketch_labels

    def with_photo(self, weight: float, seed: int) -> Tensor:
        """Scores of a sketch combined with a random photo of its class; that photo itself ranks last."""
        rng = np.random.default_rng(seed)
        chosen = torch.tensor(
            [
                int(rng.choice(np.flatnonzero(self.photo_labels.numpy() == int(label))))
                for label in self.sketch_labels
            ]
        )
        scores = ((1 - weight) * self.sketches + weight * self.photos[chosen]) @ self.photos.T
        scores[torch.arange(len(scores)), chosen] = -9
        return scores


def main(
    data: Data,
    unseen: Unseen = "sketchy-25",
    name: Name = "sketchy",
    home: Home = DEFAULT_HOME,
) -> None:
    """Print the tables."""
    folder = checkpoint.find(home / "checkpoints", name)
    manifest = checkpoint.read_manifest(folder)
    inference = checkpoint.load(folder, torch.device("cpu"))
    catalogue = read_sketchy(data)
    classes = class_split(manifest, catalogue, unseen)
    bank = Search(inference, catalogue.only(classes.trained)).sketches
    searches = [Search(inference, catalogue.only(each)) for each in (classes.held_out, classes.unseen)]
    table = Table("", "held-out classes: mAP, P@10", "unseen: mAP, P@10", title=f"{manifest.name}, {unseen}")
    for method, figures in rows(searches, bank):
        table.add_row(method, *figures, end_section=method == "search codes")
    console = Console(width=120)
    console.print(table)
    _print_few_photos(console, searches)


def rows(searches: list[Search], bank: Tensor) -> Iterator[tuple[str, list[str]]]:
    """The name and the figures of each method, for each of the searches.

    Args:
        searches: the searches to measure.
        bank: codes of seen sketches, to recognise hubs.
    """
    yield "search codes", [each.figures(each.sketches @ each.photos.T) for each in searches]
    for hits, weight in product((3, 5, 10), (0.5, 1.0)):
        figures = [each.figures(each.expanded(hits, weight)) for each in searches]
        yield f"expanded by the mean of {hits} hits, weight {weight}", figures
    yield (
        f"expanded as served: {MAX_HITS} hits by their scores, each scored without itself",
        [each.figures(each.expanded_as_served()) for each in searches],
    )
    for weight in (0.25, 0.5, 1.0):
        figures = [each.figures(each.without_hubs(bank, weight)) for each in searches]
        yield f"minus {weight} x mean similarity to {NEIGHBOURS} seen sketches", figures
    for weight in (0.25, 0.5, 1.0):
        figures = [each.figures(each.without_hubs(each.photos, weight)) for each in searches]
        yield f"minus {weight} x mean similarity to {NEIGHBOURS} other photos", figures
    for count in (2, 3, 5):
        figures = [each.figures(*each.mean_of_sketches(count, 0)) for each in searches]
        yield f"mean of {count} sketches of a class", figures
    for weight in (0.25, 0.5, 0.75):
        figures = [each.figures(each.with_photo(weight, 0)) for each in searches]
        yield f"with a photo of the class, weight {weight}", figures


def _print_few_photos(console: Console, searches: list[Search]) -> None:
    """Print plain search and expansion on galleries with few photos per class."""
    table = Table(
        "photos per class",
        "",
        "held-out: mAP, first hit right",
        "unseen: mAP, first hit right",
        title="Few photos per class",
    )
    for count in (1, 2, 5, 10):
        galleries = [[search.with_few_photos(count, seed) for seed in range(5)] for search in searches]
        for name in ("search codes", "as served"):
            figures = []
            for gallery in galleries:
                scores = [
                    each.expanded_as_served() if name == "as served" else each.sketches @ each.photos.T
                    for each in gallery
                ]
                ranked = [
                    ranked_relevance(scored, each.sketch_labels, each.photo_labels)
                    for scored, each in zip(scores, gallery, strict=True)
                ]
                means = [
                    np.mean([measure(relevant) for relevant in ranked])
                    for measure in (mean_average_precision, lambda relevant: precision_at(relevant, 1))
                ]
                figures.append(", ".join(f"{mean:.3f}" for mean in means))
            table.add_row(str(count), name, *figures)
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
