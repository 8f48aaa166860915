"""The data of fine-tuning: pictures of seen classes, distillation targets, and batches."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from model.data.pairs import DataError
from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.features import pooled_features
from model.sketch.fine_tuning.augmentation import random_views
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.pictures import Pictures
from model.sketch.pixel_file import Pixels


@dataclass(frozen=True)
class Batch:
    """The input and the targets of one step: photos, as many sketches, doodles, and icons.

    Attributes:
        pixels: [n, 3, s, s] in [-1, 1].
        labels: class numbers, [n].
        targets: ImageNet class probabilities to distil, [n, 1000].
        weights: weight of each row's distillation; 0 without a target, [n].
    """

    pixels: Tensor
    labels: Tensor
    targets: Tensor
    weights: Tensor


@dataclass(frozen=True)
class TrainingSet:
    """Pictures to train on, and ImageNet class probabilities to distil.

    Attributes:
        photos, sketches: the pictures of both domains.
        photo_targets: what the original network predicts for each photo, [n, 1000].
        class_targets: the targets of each class's drawings, [c, 1000]: the mean over its photos, or what the
            classifier should say of a thing without photos. A row of zeros is no target.
        doodles: further drawings; their classes may have no photos and no sketches.
        icons: further pictures on the photos' side, of the same classes.
    """

    photos: Pictures
    sketches: Pictures
    photo_targets: Tensor
    class_targets: Tensor
    doodles: Pictures | None = None
    icons: Pictures | None = None

    @cached_property
    def _doodles_of(self) -> dict[int, NDArray[np.int64]]:
        return _members(self.doodles)

    @cached_property
    def _icons_of(self) -> dict[int, NDArray[np.int64]]:
        return _members(self.icons)

    def batch(self, step: int, size: int, recipe: Recipe, device: torch.device) -> Batch:
        """The batch of one step, as random views of size x size; a function of (seed, step)."""
        rng = np.random.default_rng((recipe.seed, step))
        photos, sketches = sample_indices(self.photos.labels, self.sketches.labels, recipe, step, rng)
        things = rng.permutation(list(self._doodles_of))[: recipe.doodles // 2].tolist()
        drawings, drawing_labels = self._drawings(sketches, things, recipe, rng)
        icons, icon_labels = self._icons(things, recipe, rng)
        views = [
            random_views(self.photos.pixels[photos], size, rng, device),
            random_views(
                drawings,
                size,
                rng,
                device,
                sketch=True,
                jitter=recipe.jitter,
                ink_dropout=recipe.ink_dropout,
            ),
            *([random_views(icons, size, rng, device)] if len(icons) else []),
        ]
        without_photo = torch.from_numpy(np.concatenate([drawing_labels, icon_labels]))
        class_targets = self.class_targets[without_photo]
        known = class_targets.sum(1) > 0
        weights = torch.cat(
            [torch.full((len(photos),), recipe.distillation), recipe.sketch_distillation * known]
        )
        return Batch(
            pixels=torch.cat(views).contiguous(memory_format=torch.channels_last),
            labels=torch.cat([torch.from_numpy(self.photos.labels[photos]), without_photo]).to(device),
            targets=torch.cat([self.photo_targets[torch.from_numpy(photos)], class_targets]).to(device),
            weights=(weights / len(photos)).to(device),
        )

    def _drawings(
        self, sketches: NDArray[np.int64], things: list[int], recipe: Recipe, rng: np.random.Generator
    ) -> tuple[Pixels, NDArray[np.int64]]:
        """The drawings of a batch, sketches first, and their class numbers.

        A doodle of the same class replaces some sketches. There are two doodles of each of the things, so
        that every one of them has another of its class for the contrastive loss.
        """
        pixels, labels = self.sketches.pixels[sketches], self.sketches.labels[sketches]
        if self.doodles is None:
            return pixels, labels
        replaced = (rng.random(len(sketches)) < recipe.doodle_rate) & np.isin(labels, list(self._doodles_of))
        if replaced.any():
            chosen = np.array([rng.choice(self._doodles_of[label]) for label in labels[replaced].tolist()])
            pixels[replaced] = self.doodles.pixels[chosen]
        pairs = [rng.choice(self._doodles_of[thing], 2) for thing in things]
        further = np.array(pairs, np.int64).ravel()
        return (
            np.concatenate([pixels, self.doodles.pixels[further]]),
            np.concatenate([labels, self.doodles.labels[further]]),
        )

    def _icons(
        self, things: list[int], recipe: Recipe, rng: np.random.Generator
    ) -> tuple[Pixels, NDArray[np.int64]]:
        """Icons and their class numbers: of the things whose doodles are in the batch, then of others."""
        if self.icons is None:
            return np.empty((0, 1, 1, 3), np.uint8), np.empty(0, np.int64)
        wanted = [thing for thing in things if thing in self._icons_of]
        others = [thing for thing in rng.permutation(list(self._icons_of)).tolist() if thing not in wanted]
        chosen = [rng.choice(self._icons_of[thing]) for thing in [*wanted, *others][: recipe.icons]]
        numbers = np.array(chosen, np.int64)
        return self.icons.pixels[numbers], self.icons.labels[numbers]


def _members(pictures: Pictures | None) -> dict[int, NDArray[np.int64]]:
    """The indices of each class's pictures."""
    labels = np.array([], np.int64) if pictures is None else pictures.labels
    return {label: np.flatnonzero(labels == label) for label in np.unique(labels).tolist()}


def sample_indices(
    photo_labels: NDArray[np.int64],
    sketch_labels: NDArray[np.int64],
    recipe: Recipe,
    step: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of one step's photos, and of a random sketch of each photo's class, [b] each.

    Photos come in shuffled epochs. Every batch holds pairs of one class for the contrastive loss.
    """
    epoch_steps = len(photo_labels) // recipe.batch
    order = np.random.default_rng((recipe.seed, step // epoch_steps, 1)).permutation(len(photo_labels))
    start = step % epoch_steps * recipe.batch
    photos = order[start : start + recipe.batch]
    sketches = [rng.choice(np.flatnonzero(sketch_labels == label)) for label in photo_labels[photos]]
    return photos, np.array(sketches)


@torch.inference_mode()
def imagenet_targets(
    backbone: Backbone, imagenet: dict[str, Tensor], photos: Pictures, device: torch.device
) -> tuple[Tensor, Tensor]:
    """ImageNet class probabilities of each photo [n, 1000], and their mean over each class [c, 1000].

    Args:
        backbone: its network holds ImageNet's weights.
        imagenet: published weights, with the classifier.
        photos: the photos to classify.
        device: where the network runs.
    """
    pooled = pooled_features(backbone.eval(), photos, device)
    probabilities = F.linear(pooled, imagenet["_fc.weight"], imagenet["_fc.bias"]).softmax(1)
    class_means = [
        probabilities[torch.from_numpy(photos.labels == label)].mean(0)
        for label in range(int(photos.labels.max()) + 1)
    ]
    return probabilities, torch.stack(class_means)


def check_classes(photos: Pictures, sketches: Pictures, classes: tuple[str, ...]) -> None:
    """Check that there are at least two classes, each with a readable photo and a readable sketch.

    Raises:
        DataError: there are fewer classes, or a class has no readable photo or sketch.
    """
    if len(classes) < 2:
        raise DataError(f"training needs pictures of at least 2 seen classes; found {len(classes)}")
    for name, pictures in (("photo", photos), ("sketch", sketches)):
        readable = set(pictures.labels.tolist())
        empty = [label for number, label in enumerate(classes) if number not in readable]
        if empty:
            raise DataError(
                f"training needs at least 1 readable {name} of each seen class; "
                f"found none of {', '.join(empty[:5])}; add some, or remove these classes"
            )


def check_batch(photos: Pictures, batch: int) -> None:
    """Check that the photos fill one batch.

    Raises:
        DataError: there are fewer photos than one batch holds.
    """
    if len(photos.labels) < batch:
        raise DataError(
            f"fine-tuning needs at least {batch} readable photos of seen classes, which is one batch; "
            f"found {len(photos.labels)}; add photos, or hold fewer classes out"
        )
