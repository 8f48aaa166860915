"""Pairs of features are of one class and random with a generator."""

import numpy as np
import torch
from mapped_pairs import mapped_pairs

from model.sketch.feature_pairs import PAIRED_DOODLES, FeaturePairs, LabelledFeatures, pairs_of


def test_classes_without_a_sketch_make_no_pair():
    pairs = FeaturePairs(
        LabelledFeatures(torch.zeros(3, 4), np.array([0, 1, 1])),
        LabelledFeatures(torch.zeros(2, 4), np.array([1, 1])),
    )
    assert len(pairs) == 1


def test_pairs_are_random_and_of_one_class():
    features = torch.arange(20.0)[:, None].expand(-1, 4)
    labels = np.arange(20) // 5
    pairs = FeaturePairs(LabelledFeatures(features, labels), LabelledFeatures(features, labels))
    assert len(pairs) == 4
    drawn = [pairs.pair(2, np.random.default_rng(seed)) for seed in range(30)]
    assert {int(x[0]) // 5 for x, _ in drawn} == {int(y[0]) // 5 for _, y in drawn} == {2}
    assert len({(int(x[0]), int(y[0])) for x, y in drawn}) > 10


def test_pairs_without_a_generator_are_the_first_of_their_class():
    features = torch.arange(4.0)[:, None]
    pairs = FeaturePairs(
        LabelledFeatures(features, np.array([0, 0, 1, 1])), LabelledFeatures(features, np.array([1, 0, 0, 1]))
    )
    assert [[float(each) for each in pairs.pair(number, None)] for number in range(2)] == [[0, 1], [2, 0]]


def test_icons_count_as_photos_and_doodles_as_sketches():
    values = {"photos": [0, 1], "sketches": [1, 2], "doodles": [0, 3], "icons": [3, 2]}
    features = {
        kind: LabelledFeatures(10.0 * place + torch.tensor(labels)[:, None], np.array(labels))
        for place, (kind, labels) in enumerate(values.items())
    }
    pairs = pairs_of(features)
    assert pairs.photos.flatten().tolist() == [0, 1, 33, 32]
    assert pairs.sketches.flatten().tolist() == [11, 12, 20, 23]
    assert [[float(each) for each in pairs.pair(label, None)] for label in range(4)] == [
        [0, 20],
        [1, 11],
        [32, 12],
        [33, 23],
    ]


def test_doodles_do_not_outnumber_the_sketches_of_a_class():
    few, many = (LabelledFeatures(torch.zeros(count, 4), np.zeros(count, np.int64)) for count in (3, 50))
    pairs = pairs_of({"photos": few, "sketches": few, "doodles": many})
    assert [len(members) for members in pairs.class_members[0]] == [3, 3 + PAIRED_DOODLES]


def test_a_batch_on_a_device_has_the_same_pairs():
    pairs, _ = mapped_pairs(3, torch.Generator().manual_seed(0))
    rngs = [np.random.default_rng(0), None, np.random.default_rng(1)]
    x, y = pairs.on_device(torch.device("cpu")).batch([2, 1, 2], rngs)
    again = [np.random.default_rng(0), None, np.random.default_rng(1)]
    alone = [pairs.pair(index, rng) for index, rng in zip([2, 1, 2], again, strict=True)]
    assert torch.equal(x, torch.stack([pair[0] for pair in alone]))
    assert torch.equal(y, torch.stack([pair[1] for pair in alone]))
    assert not torch.equal(x[0], x[2])
