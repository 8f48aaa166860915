"""Retrieval metrics against their definitions."""

import numpy as np
import pytest
import torch

from model.metrics import cosine, mean_average_precision, precision_at, ranked_relevance, top1


def test_top1_is_the_share_of_pairs_found():
    photos = torch.eye(4)
    assert top1(photos, photos) == 1
    assert top1(photos, photos[[1, 0, 2, 3]]) == 0.5
    assert top1(torch.randn(300, 8), torch.randn(300, 8)) < 0.05


def test_top1_of_equal_codes_is_chance():
    assert top1(torch.zeros(50, 3), torch.zeros(50, 3)) == pytest.approx(1 / 50)


def test_top1_with_labels_counts_any_photo_of_the_label():
    photos, labels = torch.eye(4), torch.tensor([0, 0, 1, 1])
    assert top1(photos, photos[[1, 0, 2, 3]], labels) == 1
    assert top1(photos, photos[[2, 1, 0, 3]], labels) == 0.5
    assert top1(torch.zeros(4, 2), torch.zeros(4, 2), labels) == 0.5


def average_precision(relevant):
    precisions = [np.mean(relevant[: k + 1]) for k in range(len(relevant)) if relevant[k]]
    return np.sum(precisions) / max(1, np.sum(relevant))


def test_map_is_the_mean_of_average_precisions():
    relevant = np.random.default_rng(0).random((20, 50)) < 0.2
    assert mean_average_precision(torch.from_numpy(relevant)) == pytest.approx(
        np.mean([average_precision(row) for row in relevant])
    )


def test_precision_at_k_is_the_share_of_relevant_hits_among_the_first_k():
    relevant = np.random.default_rng(0).random((20, 50)) < 0.2
    assert precision_at(torch.from_numpy(relevant), 10) == pytest.approx(relevant[:, :10].mean())


def test_ranking_ignores_the_length_of_codes():
    photos = torch.tensor([[10.0, 1.0], [0.1, 0.1], [-1.0, 0.0]])
    relevant = ranked_relevance(
        cosine(torch.tensor([[1.0, 1.0]]), photos), torch.tensor([1]), torch.tensor([0, 1, 2])
    )
    assert relevant.tolist() == [[True, False, False]]


def test_codes_that_are_not_numbers_find_nothing():
    codes = torch.full((3, 2), float("nan"))
    assert top1(codes, codes) == 0
