"""Pictures of a sketch model: search results (Figure 9), and the mAP of each class."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from model.data.sketchy import SketchyFiles
from model.evaluation.marks import marked
from model.evaluation.sheet import beside, columns
from model.images.decode import read_picture
from model.inference import Inference
from model.presets import Side
from model.sketch.search_codes import similarities

TILE, APART = 96, 18
"""The side of a picture, and the gap between a sketch and its photos, in pixels."""
BAR = (120, 160, 215)
"""Colour of the bars."""


def search_rows(
    inference: Inference, catalogue: SketchyFiles, *, count: int = 12, k: int = 10, seed: int = 0
) -> Image.Image:
    """Figure 9: sketches on the left, each followed by its first k photos, marked right or wrong.

    A hit is right if it is of the sketch's class. The sketches are random, of different classes if there are
    enough.

    Args:
        inference: a sketch model.
        catalogue: the sketches and the photos to search.
        count: number of sketches.
        k: photos per sketch.
        seed: decides the sketches.
    """
    rng = np.random.default_rng(seed)
    classes = [str(label) for label in rng.permutation(catalogue.classes)]
    sketches = {label: [path for path, other in catalogue.sketches if other == label] for label in classes}
    chosen = [
        (sketches[label][rng.integers(len(sketches[label]))], label)
        for label in (classes * (count // len(classes) + 1))[:count]
    ]
    photos = torch.cat(
        [inference.search_codes("x", _pixels(inference, "x", path)) for path, _ in catalogue.photos]
    )
    hits: list[list[Image.Image]] = []
    for sketch, label in chosen:
        scores = similarities(inference.search_codes("y", _pixels(inference, "y", sketch)), photos)[0]
        found = [catalogue.photos[hit] for hit in scores.topk(min(k, len(scores))).indices.tolist()]
        hits.append([marked(_small(path), right=photo_label == label) for path, photo_label in found])
    ranks = [str(rank + 1) for rank in range(len(hits[0]))]
    queries = columns(("sketch",), [[_small(sketch)] for sketch, _ in chosen])
    return beside([queries, columns(ranks, hits)], APART)


def class_bars(figures: Mapping[str, float], *, chance: float) -> Image.Image:
    """A bar chart of each class's mAP, best first, with lines at the mean and at chance."""
    line, left, wide, right = 20, 130, 500, 50
    order = sorted(figures.items(), key=lambda entry: -entry[1])
    sheet = Image.new("RGB", (left + wide + right, line * (len(order) + 2)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    mean = sum(figures.values()) / len(figures)
    for row, (name, value) in enumerate(order):
        top = row * line + 2
        draw.text((left - 8, top + 1), name, "black", font, anchor="ra")
        draw.rectangle((left, top, left + round(wide * value), top + line - 5), fill=BAR)
        draw.text((left + round(wide * value) + 6, top + 1), f"{value:.2f}".lstrip("0"), "black", font)
    for value, label in ((mean, f"mean {mean:.3f}"), (chance, f"chance {chance:.2f}")):
        x = left + round(wide * value)
        draw.line((x, 0, x, line * len(order) + 4), fill="black", width=1)
        draw.text((x, line * len(order) + 6), label, "black", font, anchor="ma")
    return sheet


def _pixels(inference: Inference, side: Side, path: Path) -> Tensor:
    return inference.read(path, side)[None]


def _small(path: Path) -> Image.Image:
    return read_picture(path).resize((TILE, TILE), Image.Resampling.BICUBIC)
