"""Synthetic pairs share a square; the rng changes its colours only."""

import numpy as np
import torch

from model.data.synthetic import SyntheticPairs


def test_both_sides_have_the_same_square():
    pairs = SyntheticPairs(8, 32)
    for index in range(len(pairs)):
        x, y = pairs.pair(index, None)
        assert x.shape == y.shape == (3, 32, 32)
        assert torch.equal((x == 1).all(0), (y != -1).any(0))


def test_an_rng_changes_the_colours_and_keeps_the_square():
    pairs = SyntheticPairs(2, 32)
    first, second = (pairs.pair(0, np.random.default_rng(seed))[0] for seed in (0, 1))
    assert torch.equal((first == 1).all(0), (second == 1).all(0))
    assert not torch.equal(first, second)
    assert torch.equal(pairs.pair(0, None)[0], pairs.pair(0, None)[0])


def test_seeds_give_different_pairs_and_fingerprints():
    first, second = SyntheticPairs(2, 32), SyntheticPairs(2, 32, seed=1)
    assert not torch.equal(first.pair(0, None)[0], second.pair(0, None)[0])
    assert first.fingerprint != second.fingerprint
