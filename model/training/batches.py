"""The pairs and the noise of each training step, all determined by (seed, step).

A resumed run therefore draws the same pairs, noise and dropout as an uninterrupted one.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from model.data.pairs import DevicePairs, Pairs


class StepPairs(Dataset[tuple[Tensor, Tensor]]):
    """Pairs indexed by (step, index); the step and the index seed the pair's augmentation."""

    def __init__(self, pairs: Pairs, seed: int) -> None:
        self.pairs, self.seed = pairs, seed

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Tensor]:
        return self.pairs.pair(key[1], pair_rng(self.seed, key))


def pair_rng(seed: int, key: tuple[int, int]) -> np.random.Generator:
    """Return the random numbers of a pair's augmentation, by (step, index)."""
    return np.random.default_rng((seed, *key))


class StepBatches(Sampler[list[tuple[int, int]]]):
    """The keys of each step's pairs: epochs in shuffled order, from step `start` to step `steps`.

    Args:
        count: number of pairs.
        batch: pairs per step.
        seed: of the shuffling.
        start: the first step.
        steps: the step after the last.
    """

    def __init__(self, count: int, batch: int, seed: int, *, start: int, steps: int) -> None:
        self.count, self.batch, self.seed = count, batch, seed
        self.start, self.steps = start, steps

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        epoch, order = -1, np.empty(0, np.int64)
        for step in range(self.start, self.steps):
            keys = []
            for place in range(step * self.batch, (step + 1) * self.batch):
                if place // self.count != epoch:
                    epoch = place // self.count
                    order = np.random.default_rng((self.seed, epoch)).permutation(self.count)
                keys.append((step, int(order[place % self.count])))
            yield keys


class DeviceBatches:
    """The same batches as a loader of `StepPairs` gives, made on a device that keeps the pairs.

    Args:
        pairs: the pairs on the device.
        keys: the keys of each step's pairs.
        seed: of the augmentation.
    """

    def __init__(self, pairs: DevicePairs, keys: StepBatches, seed: int) -> None:
        self.pairs, self.keys, self.seed = pairs, keys, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for batch in self.keys:
            yield self.pairs.batch([index for _, index in batch], [pair_rng(self.seed, key) for key in batch])


def step_generator(seed: int, step: int, device: torch.device) -> torch.Generator:
    """Return the generator of a step's noise, and seed torch's global generator, which dropout uses."""
    entropy = int(np.random.SeedSequence((seed, step)).generate_state(1, np.uint64)[0]) >> 1
    torch.manual_seed(entropy)
    return torch.Generator(device).manual_seed(entropy)
