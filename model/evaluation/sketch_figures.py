"""Pictures of a sketch model: search results (Figure 9), and the mAP of each class."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from model.data.sketchy import SketchyFiles
from model.images.decode import read_picture
from model.inference import Inference
from model.presets import Side
from model.sketch.search_codes import similarities

TILE, MARK, GAP = 96, 18, 2
"""Sides of a picture and of its mark, and the gap between pictures, in pixels."""
RIGHT, WRONG, BAR = (22, 140, 60), (200, 40, 40), (120, 160, 215)
"""Colours of the marks and of the bars."""


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
    sheet = Image.new("RGB", ((k + 1) * (TILE + GAP) + MARK, count * (TILE + GAP)), "white")
    for row, (sketch, label) in enumerate(chosen):
        scores = similarities(inference.search_codes("y", _pixels(inference, "y", sketch)), photos)[0]
        _paste(sheet, 0, row, sketch)
        for column, hit in enumerate(scores.topk(min(k, len(scores))).indices.tolist(), 1):
            path, photo_label = catalogue.photos[hit]
            _paste(sheet, column, row, path)
            _mark(sheet, column, row, right=photo_label == label)
    return sheet


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


def _position(column: int, row: int) -> tuple[int, int]:
    """Left and top of a tile; a wider gap follows the sketches."""
    return column * (TILE + GAP) + (MARK if column else 0), row * (TILE + GAP)


def _paste(sheet: Image.Image, column: int, row: int, path: Path) -> None:
    small = read_picture(path).resize((TILE, TILE), Image.Resampling.BICUBIC)
    sheet.paste(small, _position(column, row))


def _mark(sheet: Image.Image, column: int, row: int, *, right: bool) -> None:
    """Draw a white tick on green or a white cross on red; the shape tells them apart without colour."""
    left, top = _position(column, row)
    left, top = left + TILE - MARK, top + TILE - MARK
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((left, top, left + MARK - 1, top + MARK - 1), fill=RIGHT if right else WRONG)
    lines = [((4, 9), (8, 13), (14, 5))] if right else [((5, 5), (13, 13)), ((13, 5), (5, 13))]
    for line in lines:
        draw.line([(left + x, top + y) for x, y in line], fill="white", width=2)
