"""The pairs and the noise of a step depend on the seed and the step only."""

import numpy as np
import torch
from torch.utils.data import DataLoader

from model.data.synthetic import SyntheticPairs
from model.training.batches import DeviceBatches, StepBatches, StepPairs, step_generator


def test_an_epoch_has_every_pair_once_and_epochs_differ():
    keys = [key for batch in StepBatches(12, 4, seed=0, start=0, steps=6) for key in batch]
    indices = [index for _, index in keys]
    assert sorted(indices[:12]) == sorted(indices[12:]) == list(range(12))
    assert indices[:12] != indices[12:]
    assert [step for step, _ in keys] == np.repeat(np.arange(6), 4).tolist()


def test_a_later_start_gives_the_same_batches():
    whole = list(StepBatches(10, 4, seed=3, start=0, steps=8))
    assert list(StepBatches(10, 4, seed=3, start=5, steps=8)) == whole[5:]


def test_a_pairs_augmentation_depends_on_the_step():
    pairs = StepPairs(SyntheticPairs(4, 32), seed=0)
    first, again, later = (pairs[key][0] for key in ((0, 1), (0, 1), (1, 1)))
    assert torch.equal(first, again)
    assert not torch.equal(first, later)


def test_noise_and_dropout_are_seeded_by_the_step():
    cpu = torch.device("cpu")

    def drawn(seed, step):
        generator = step_generator(seed, step, cpu)
        return torch.rand(3, generator=generator), torch.rand(3)

    assert all(map(torch.equal, drawn(0, 1), drawn(0, 1)))
    for other in ((0, 2), (1, 1)):
        assert not any(map(torch.equal, drawn(0, 1), drawn(*other)))


class Kept:
    """Pairs on a device, which a batch takes one by one."""

    def __init__(self, pairs):
        self.pairs = pairs

    def batch(self, indices, rngs):
        chosen = [self.pairs.pair(index, rng) for index, rng in zip(indices, rngs, strict=True)]
        x, y = (torch.stack(side) for side in zip(*chosen, strict=True))
        return x, y


def test_batches_made_on_a_device_have_the_loaders_pairs():
    pairs, keys = SyntheticPairs(6, 32), StepBatches(6, 4, seed=2, start=1, steps=4)
    loaded = DataLoader(StepPairs(pairs, seed=2), batch_sampler=keys)
    made = list(DeviceBatches(Kept(pairs), keys, seed=2))
    assert len(made) == 3
    for (x, y), (other_x, other_y) in zip(made, loaded, strict=True):
        assert torch.equal(x, other_x) and torch.equal(y, other_y)
