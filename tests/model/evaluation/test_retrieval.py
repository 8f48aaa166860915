"""Retrieval finds pairs by their shared codes, and measures leakage by the exclusive ones."""

from dataclasses import replace

import pytest
import torch

from model.evaluation.retrieval import cross_domain_retrieval, encode_pairs, retrieval_validation
from model.iiae import IIAE
from model.presets import PRESETS

CPU = torch.device("cpu")


class NumberedPairs:
    """Pair n has pictures filled with n; x and y differ in sign."""

    domains = ("x", "y")
    fingerprint = ""
    damaged = ()

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def pair(self, index, rng):
        picture = torch.full((3, 32, 32), float(index))
        return picture, -picture


def mean_pixel(side, pixels):
    """The number of a picture's pair."""
    return pixels.mean((1, 2, 3), keepdim=True).abs()


def constant(side, pixels):
    return torch.zeros(len(pixels), 1)


def test_codes_are_those_of_evenly_spread_pairs():
    codes = encode_pairs(mean_pixel, NumberedPairs(9), CPU, limit=3, batch=2)
    assert codes["x"].tolist() == codes["y"].tolist() == [[0], [4], [8]]
    assert len(encode_pairs(mean_pixel, NumberedPairs(9), CPU)["x"]) == 9


def test_codes_that_identify_the_pair_score_1_and_constant_ones_score_chance():
    figures = cross_domain_retrieval(mean_pixel, constant, NumberedPairs(8), CPU)
    assert figures == {
        "top1_shared_xy": 1.0,
        "top1_shared_yx": 1.0,
        "top1_exclusive_xy": pytest.approx(1 / 8),
        "top1_exclusive_yx": pytest.approx(1 / 8),
        "pairs": 8.0,
    }


def test_validation_is_the_shared_figure_minus_the_leakage():
    torch.manual_seed(0)
    iiae = IIAE(replace(PRESETS["facades"], image_size=32, width=0.125)).eval()
    figures = retrieval_validation(NumberedPairs(6), limit=4)(iiae)
    shared = (figures["top1_shared_xy"] + figures["top1_shared_yx"]) / 2
    leaked = (figures["top1_exclusive_xy"] + figures["top1_exclusive_yx"]) / 2
    assert figures["validation"] == pytest.approx(shared - leaked)
    assert figures["pairs"] == 4


def test_pairs_with_labels_count_any_pair_of_the_label():
    class Halves(NumberedPairs):
        def label(self, index):
            return index // 4

    figures = cross_domain_retrieval(mean_pixel, constant, Halves(8), CPU)
    assert figures["top1_shared_xy"] == 1 and figures["top1_exclusive_yx"] == 0.5
    figures = cross_domain_retrieval(mean_pixel, constant, Halves(8), CPU, limit=2)
    assert figures["top1_exclusive_xy"] == 0.5
