"""Retrieval's successes and failures are apart, with the true pair marked right among the hits."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from model.data.pairs import fingerprint_of
from model.evaluation.marks import RIGHT, WRONG, mark_side
from model.evaluation.retrieval_figure import nearest, retrieval
from model.evaluation.sheet import GAP, line_height, text_size
from model.iiae_inference import IIAEInference
from model.presets import PRESETS

SIDE, SIZE = 64, text_size(64)
STEP, WIDE = SIDE + GAP, 5 * (SIDE + GAP) - GAP
HEAD = 2 * (line_height(SIZE) + 3 * GAP) + line_height(SIZE)
"""Height of a block's title, of a direction's title and of the heads."""


class Shades:
    """Pairs of pictures of one grey each, from 0 to 1."""

    domains = ("photo", "label")
    damaged = ()
    fingerprint = fingerprint_of([])

    def __init__(self, x: list[float], y: list[float]):
        self.shades = list(zip(x, y, strict=True))

    def __len__(self) -> int:
        return len(self.shades)

    def pair(self, index, rng):
        x, y = (torch.full((3, SIDE, SIDE), float(shade)) for shade in self.shades[index])
        return x, y


EQUAL = [each / 64 for each in range(64)]


class ByShade(IIAEInference):
    """A model whose shared code is the shade."""

    def __init__(self):
        self.preset = replace(PRESETS["facades"], image_size=SIDE)
        self.device = torch.device("cpu")

    def shared(self, side, pixels):
        return pixels.mean((1, 2, 3))[:, None]


def marks(sheet, left: int, top: int, k: int = 3) -> list[tuple[int, ...]]:
    """The colours of the marks of a row of hits."""
    corner = SIDE - mark_side(SIDE)
    places = [(left + (2 + rank) * STEP + corner, top + corner) for rank in range(k)]
    return [sheet.getpixel(place) for place in places]


def shade(sheet, left: int, top: int) -> int:
    return sheet.getpixel((left + 5, top + 5))[0]


def test_nearest_are_sorted_by_distance():
    codes = torch.arange(700.0)[:, None]
    hits = nearest(codes + 0.1, codes, 3)
    assert hits[600].tolist() == [600, 601, 599]
    assert nearest(codes[:2], codes[:2], 5).shape == (2, 2)


def test_the_true_pair_is_marked_right_and_failures_are_apart():
    """Of eight pairs, two have each other's Y: their own pair is the second hit."""
    pairs = Shades([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.8, 0.9], [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.9, 0.8])
    sheet = retrieval(ByShade(), pairs, count=2, seed=0)
    block = HEAD + 2 * STEP - GAP
    assert sheet.size == (2 * WIDE + SIZE, 2 * block + SIZE)
    for left in (0, WIDE + SIZE):
        for row in (0, 1):
            top = HEAD + row * STEP
            assert marks(sheet, left, top) == [RIGHT, WRONG, WRONG]
            assert (
                shade(sheet, left, top)
                == shade(sheet, left + STEP, top)
                == shade(sheet, left + 2 * STEP, top)
            )
            top += block + SIZE
            assert marks(sheet, left, top) == [WRONG, RIGHT, WRONG]
            assert shade(sheet, left + STEP, top) == shade(sheet, left + 3 * STEP, top)


def test_a_hit_with_the_querys_label_is_right():
    class Twins(Shades):
        def label(self, index):
            return index // 2

    pairs = Twins([0, 0.1, 0.8, 0.9], [0.1, 0, 0.9, 0.8])
    sheet = retrieval(ByShade(), pairs, count=1)
    assert marks(sheet, 0, HEAD) == [RIGHT, RIGHT, WRONG]


def test_without_failures_the_picture_says_so():
    sheet = np.asarray(retrieval(ByShade(), Shades(EQUAL[::16], EQUAL[::16]), count=1))
    failures = HEAD + SIDE + SIZE
    said = sheet[failures + HEAD - line_height(SIZE) :]
    assert (said[:, :WIDE] < 255).any() and (said[:, WIDE + SIZE :] < 255).any()
    assert not (sheet[-3:] < 255).any(), "the note is not cut"


@pytest.mark.parametrize(("seed", "same"), [(0, True), (1, False)])
def test_the_seed_chooses_the_queries(seed, same):
    pairs = Shades(EQUAL, EQUAL)
    first, second = (np.asarray(retrieval(ByShade(), pairs, count=3, seed=each)) for each in (0, seed))
    assert (first == second).all() == same
