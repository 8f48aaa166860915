"""Measure which digits and colours translation and analogy preserve, on MNIST-CDCB's test digits.

    python -m benchmarks.mnist_cdcb --data MNIST

A small classifier, trained only on MNIST's grey training digits, recognises the digits. The true colours are
known because the pairs are generated. Colour errors are mean absolute differences, in fractions of the range
of 0-255.
"""

import argparse
import time
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model import checkpoint
from model.data.mnist import Digits, read_mnist
from model.data.mnist_cdcb import INK, MnistCdcb
from model.home import default_home
from model.inference import Inference, analogy, translate
from model.presets import SIDES, Side, other

SAMPLES = 4
"""Translations of each picture."""
CORE = 0.99
"""Threshold of an enlarged mask. A pixel above it is wholly ink; one below 1 - CORE is wholly ground."""


def classifier(digits: Digits, *, epochs: int = 3, batch: int = 128) -> nn.Module:
    """Train a small convolutional network for grey digits [n, 1, 28, 28] in [0, 1]."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(64 * 49, 10),
    )
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    images, labels = grey(digits), torch.from_numpy(digits.labels.astype(np.int64))
    for _ in range(epochs):
        for chosen in torch.randperm(len(images)).split(batch):
            optimiser.zero_grad()
            F.cross_entropy(network(images[chosen]), labels[chosen]).backward()
            optimiser.step()
    return network.eval()


def grey(digits: Digits) -> Tensor:
    return torch.from_numpy(digits.images).float()[:, None] / 255


def as_digit(side: Side, pixels: Tensor) -> Tensor:
    """Pictures [n, 3, s, s] as grey digits [n, 1, 28, 28]: each pixel's distance from the ground's colour."""
    shown = (pixels + 1) / 2
    ground = torch.zeros(3, 1, 1) if side == "y" else shown.flatten(2).median(2).values[:, :, None, None]
    distance = (shown - ground).abs().amax(1, keepdim=True)
    small = F.interpolate(distance, (28, 28), mode="bilinear", antialias=True)
    return small / small.amax((2, 3), keepdim=True).clamp_min(1e-3)


class Masks:
    """Masks [1, s, s] of the pixels of a test picture that are wholly ink or wholly ground."""

    def __init__(self, pairs: MnistCdcb) -> None:
        self.pairs = pairs

    def ink(self, index: int) -> Tensor:
        return self._enlarged(index) > CORE

    def ground(self, index: int) -> Tensor:
        return self._enlarged(index) < 1 - CORE

    def _enlarged(self, index: int) -> Tensor:
        enlarge = self.pairs.enlarge
        return torch.from_numpy(
            enlarge @ (self.pairs.digits.images[index] > INK).astype(np.float32) @ enlarge.T
        )[None]

    def coloured(self, side: Side, index: int) -> Tensor:
        """The part with the domain's own colour: the ground in X, the ink in Y."""
        return self.ground(index) if side == "x" else self.ink(index)


def colour(pixels: Tensor, mask: Tensor) -> Tensor:
    """Mean colour [3] in [0, 1] of the masked part of a picture [3, s, s]."""
    return ((pixels + 1) / 2)[:, mask[0]].mean(1)


class Figures:
    """Figures of translation and analogy, collected batch by batch.

    Args:
        inference: the model.
        pairs: generated pairs of test digits.
        network: recognises digits.
    """

    def __init__(self, inference: Inference, pairs: MnistCdcb, network: nn.Module) -> None:
        self.inference, self.pairs, self.network = inference, pairs, network
        self.masks = Masks(pairs)
        self.values: dict[str, list[float]] = {}

    def add_translations(self, side: Side, indices: list[int], generator: torch.Generator) -> None:
        """Translate pictures of one domain with random exclusive codes, `SAMPLES` times each."""
        target = other(side)
        z = torch.randn(len(indices) * SAMPLES, self.inference.exclusive_size, generator=generator)
        translated = translate(
            self.inference, side, self._pictures(side, indices).repeat_interleave(SAMPLES, 0), z
        )
        self._add(
            f"digit preserved, {side}->{target}",
            self._recognised(target, translated, self._labels(indices).repeat_interleave(SAMPLES)),
        )
        for samples, index in zip(translated.split(SAMPLES), indices, strict=True):
            colours = [colour(each, self.masks.coloured(target, index)) for each in samples]
            differences = [(one - two).abs().mean() for one, two in combinations(colours, 2)]
            self._add(f"colour difference of two samples, {side}->{target}", [float(np.mean(differences))])
            if target == "y":
                ground = ((samples + 1) / 2)[:, :, self.masks.ground(index)[0]]
                self._add("brightness of the ground, x->y (black is right)", [float(ground.mean())])

    def add_analogies(self, side: Side, indices: list[int], references: list[int]) -> None:
        """Recolour pictures of one domain with the colours of their references."""
        outputs = analogy(
            self.inference, side, self._pictures(side, indices), self._pictures(side, references)
        )
        self._add(
            f"digit preserved, analogy in {side}", self._recognised(side, outputs, self._labels(indices))
        )
        for output, index, reference in zip(outputs, indices, references, strict=True):
            expected = torch.from_numpy(self.pairs.colours(reference)[SIDES.index(side)]).float() / 255
            shown = ((output + 1) / 2)[:, self.masks.coloured(side, index)[0]]
            self._add(f"colour error, analogy in {side}", [float((shown - expected[:, None]).abs().mean())])

    def means(self) -> dict[str, float]:
        """The mean of each figure, by name."""
        return {name: float(np.mean(values)) for name, values in sorted(self.values.items())}

    def _pictures(self, side: Side, indices: list[int]) -> Tensor:
        return torch.stack([self.pairs.pair(index, None)[SIDES.index(side)] for index in indices])

    def _labels(self, indices: list[int]) -> Tensor:
        return torch.tensor([self.pairs.digit(index) for index in indices])

    def _recognised(self, side: Side, pictures: Tensor, labels: Tensor) -> list[float]:
        right: Tensor = self.network(as_digit(side, pictures)).argmax(1) == labels
        recognised: list[float] = right.float().tolist()
        return recognised

    def _add(self, name: str, values: list[float]) -> None:
        self.values.setdefault(name, []).extend(values)


def measure(inference: Inference, pairs: MnistCdcb, network: nn.Module, count: int) -> dict[str, float]:
    """Figures of `count` test digits. A digit's reference is the one `count // 2` places further on."""
    figures = Figures(inference, pairs, network)
    indices = [int(index) for index in np.linspace(0, len(pairs) - 1, count).round()]
    generator = torch.Generator().manual_seed(0)
    for start in range(0, count, 50):
        batch = indices[start : start + 50]
        references = [indices[(start + place + count // 2) % count] for place in range(len(batch))]
        for side in SIDES:
            figures.add_translations(side, batch, generator)
            figures.add_analogies(side, batch, references)
    return figures.means()


@torch.inference_mode()
def accuracy(network: nn.Module, digits: Digits) -> float:
    return float((network(grey(digits)).argmax(1).numpy() == digits.labels).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with MNIST")
    parser.add_argument("--model", default="mnist-cdcb", help="a checkpoint's name or folder")
    parser.add_argument("--home", type=Path, default=default_home())
    parser.add_argument("--count", type=int, default=2_000, help="number of test digits, spread evenly")
    arguments = parser.parse_args()
    start_time = time.monotonic()
    inference = checkpoint.load(
        checkpoint.find(arguments.home / "checkpoints", arguments.model), torch.device("cpu")
    )
    train, test = read_mnist(arguments.data)
    network = classifier(train)
    pairs = MnistCdcb(test, inference.preset.image_size, domains=inference.preset.domains, seed=2)
    print("| figure | value |\n|---|---|")
    print(f"| the classifier on MNIST's test digits | {accuracy(network, test):.4f} |")
    with torch.inference_mode():
        for name, value in measure(inference, pairs, network, arguments.count).items():
            print(f"| {name} | {value:.4f} |")
    print(f"\n{arguments.count} digits, {SAMPLES} samples each, {time.monotonic() - start_time:.0f} s")


if __name__ == "__main__":
    main()
