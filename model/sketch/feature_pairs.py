"""Backbone features, and the pairs of them on which IIAE is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.data.pairs import fingerprint_of
from model.data.sketchy import DOMAINS
from model.presets import SIDES, Side
from model.sketch.pictures import SIDE_OF, PictureKind, some_of_each

PAIRED_DOODLES = 8
"""The most doodles of a class in the pairs. Otherwise they would outnumber the sketches."""


@dataclass(frozen=True)
class LabelledFeatures:
    """Features of some pictures, [n, d], and their class numbers, [n].

    Attributes:
        things: codes of the things that the pictures show (`Backbone.thing_codes`), [n, t]; None without.
    """

    features: Tensor
    labels: NDArray[np.int64]
    things: Tensor | None = None

    def at(self, chosen: NDArray[np.int64]) -> "LabelledFeatures":
        """The features at some indices."""
        rows = torch.from_numpy(chosen)
        things = None if self.things is None else self.things[rows]
        return LabelledFeatures(self.features[rows], self.labels[chosen], things)

    @classmethod
    def together(cls, parts: Sequence["LabelledFeatures"]) -> "LabelledFeatures":
        """The features of all parts."""
        things = [part.things for part in parts if part.things is not None]
        return cls(
            torch.cat([part.features for part in parts]),
            np.concatenate([part.labels for part in parts]),
            torch.cat(things) if len(things) == len(parts) else None,
        )


class FeaturePairs:
    """Random pairs of a photo's features (X) and a sketch's features (Y) of the same class.

    There is one pair per class that has both. Each access with a generator draws another photo and another
    sketch.

    Args:
        photos, sketches: the features.

    Attributes:
        class_members: for each class, the indices of its photos and the indices of its sketches.
    """

    def __init__(self, photos: LabelledFeatures, sketches: LabelledFeatures) -> None:
        self.domains = DOMAINS
        self.damaged: tuple[str, ...] = ()
        self.photos, self.sketches = photos.features, sketches.features
        photo_labels, sketch_labels = photos.labels, sketches.labels
        shared = sorted(set(photo_labels.tolist()) & set(sketch_labels.tolist()))
        self.class_members = [
            (np.flatnonzero(photo_labels == label), np.flatnonzero(sketch_labels == label))
            for label in shared
        ]
        self.fingerprint = fingerprint_of(
            [str(tuple(self.photos.shape)), str(photo_labels.tolist()), str(sketch_labels.tolist())]
        )

    def __len__(self) -> int:
        return len(self.class_members)

    def pair(self, index: int, rng: np.random.Generator | None) -> tuple[Tensor, Tensor]:
        """A pair of class `index`, [d] each: random, or the first photo and sketch without `rng`."""
        photo, sketch = _chosen(*self.class_members[index], rng)
        return self.photos[photo], self.sketches[sketch]

    @property
    def device_bytes(self) -> int:
        """Memory that the features need on a device."""
        return self.photos.nbytes + self.sketches.nbytes

    def on_device(self, device: torch.device) -> "DeviceFeatures":
        """Return the pairs on a device."""
        return DeviceFeatures(self, device)


class DeviceFeatures:
    """Pairs of features in a device's memory.

    Args:
        pairs: decides which features are a pair.
        device: where to keep the features.
    """

    def __init__(self, pairs: FeaturePairs, device: torch.device) -> None:
        self.class_members = pairs.class_members
        self.photos, self.sketches = pairs.photos.to(device), pairs.sketches.to(device)

    def batch(
        self, indices: Sequence[int], rngs: Sequence[np.random.Generator | None]
    ) -> tuple[Tensor, Tensor]:
        """Return pairs of these classes, [b, d] each on the device."""
        numbers = [_chosen(*self.class_members[index], rng) for index, rng in zip(indices, rngs, strict=True)]
        photos, sketches = torch.tensor(numbers, device=self.photos.device).unbind(1)
        return self.photos[photos], self.sketches[sketches]


def _chosen(
    photos: NDArray[np.int64], sketches: NDArray[np.int64], rng: np.random.Generator | None
) -> tuple[int, int]:
    """The indices of a random photo and a random sketch, or of the first ones without `rng`."""
    if rng is None:
        return int(photos[0]), int(sketches[0])
    return int(rng.choice(photos)), int(rng.choice(sketches))


def pairs_of(features: Mapping[PictureKind, LabelledFeatures]) -> FeaturePairs:
    """Pairs of all things that are in both domains: icons count as photos, and doodles as sketches."""
    sides: dict[Side, list[LabelledFeatures]] = {"x": [], "y": []}
    for kind, each in features.items():
        few = each.at(some_of_each(each.labels, PAIRED_DOODLES)) if kind == "doodles" else each
        sides[SIDE_OF[kind]].append(few)
    return FeaturePairs(*(LabelledFeatures.together(sides[side]) for side in SIDES))
