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
    """The input and the targets of one step: b photos, b sketches, and d doodles.

    Attributes:
        pixels: [2b + d, 3, s, s] in [-1, 1].
        labels: class numbers, [2b + d].
        targets: ImageNet class probabilities to distil, [2b + d, 1000].
        weights: weight of each row's distillation; 0 without a target, [2b + d].
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
    """

    photos: Pictures
    sketches: Pictures
    photo_targets: Tensor
    class_targets: Tensor
    doodles: Pictures | None = None

    @cached_property
    def _doodles_of(self) -> dict[int, NDArray[np.int64]]:
        """The indices of each class's doodles."""
        labels = np.array([], np.int64) if self.doodles is None else self.doodles.labels
        return {label: np.flatnonzero(labels == label) for label in np.unique(labels).tolist()}

    def batch(self, step: int, size: int, recipe: Recipe, device: torch.device) -> Batch:
        """The batch of one step, as random views of size x size; a function of (seed, step)."""
        rng = np.random.default_rng((recipe.seed, step))
        photos, sketches = sample_indices(self.photos.labels, self.sketches.labels, recipe, step, rng)
        drawings, drawing_labels = self._drawings(sketches, recipe, rng)
        views = (
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
        )
        photo_targets = self.photo_targets[torch.from_numpy(photos)]
        drawing_targets = self.class_targets[torch.from_numpy(drawing_labels)]
        weights = torch.full((len(drawing_labels),), recipe.sketch_distillation / len(photos))
        return Batch(
            pixels=torch.cat(views).contiguous(memory_format=torch.channels_last),
            labels=torch.from_numpy(np.concatenate([self.photos.labels[photos], drawing_labels])).to(device),
            targets=torch.cat([photo_targets, drawing_targets]).to(device),
            weights=torch.cat(
                [
                    torch.full((len(photos),), recipe.distillation / len(photos)),
                    weights * (drawing_targets.sum(1) > 0),
                ]
            ).to(device),
        )

    def _drawings(
        self, sketches: NDArray[np.int64], recipe: Recipe, rng: np.random.Generator
    ) -> tuple[Pixels, NDArray[np.int64]]:
        """The drawings of a batch, sketches first, and their class numbers.

        A doodle of the same class replaces some sketches. The further doodles are of random classes, two of
        each, so that every one of them has another of its class for the contrastive loss.
        """
        pixels, labels = self.sketches.pixels[sketches], self.sketches.labels[sketches]
        if self.doodles is None:
            return pixels, labels
        replaced = (rng.random(len(sketches)) < recipe.doodle_rate) & np.isin(labels, list(self._doodles_of))
        if replaced.any():
            chosen = np.array([rng.choice(self._doodles_of[label]) for label in labels[replaced].tolist()])
            pixels[replaced] = self.doodles.pixels[chosen]
        count = min(recipe.doodles // 2, len(self._doodles_of))
        classes = rng.choice(list(self._doodles_of), count, replace=False)
        pairs = [rng.choice(self._doodles_of[label], 2) for label in classes.tolist()]
        further = np.array(pairs, np.int64).ravel()
        return (
            np.concatenate([pixels, self.doodles.pixels[further]]),
            np.concatenate([labels, self.doodles.labels[further]]),
        )


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
