"""The data of fine-tuning: pictures of seen classes, distillation targets, and batches."""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Batch:
    """The input and the targets of one step: b photos, then b sketches.

    Attributes:
        pixels: [2b, 3, s, s] in [-1, 1].
        labels: class numbers, [2b].
        photo_targets, sketch_targets: ImageNet class probabilities to distil, [b, 1000] each.
    """

    pixels: Tensor
    labels: Tensor
    photo_targets: Tensor
    sketch_targets: Tensor


@dataclass(frozen=True)
class TrainingSet:
    """Pictures to train on, and ImageNet class probabilities to distil.

    Attributes:
        photos, sketches: the pictures of both domains.
        doodles: a doodle of each sketch, in the same order and size; None to train without doodles.
        photo_targets: what the original network predicts for each photo, [n, 1000].
        class_targets: the mean over each class's photos, [c, 1000]; the targets of its sketches.
    """

    photos: Pictures
    sketches: Pictures
    doodles: NDArray[np.uint8] | None
    photo_targets: Tensor
    class_targets: Tensor

    def batch(self, step: int, size: int, recipe: Recipe, device: torch.device) -> Batch:
        """The batch of one step, as random views of size x size; a function of (seed, step)."""
        rng = np.random.default_rng((recipe.seed, step))
        photo_indices, sketch_indices = sample_indices(
            self.photos.labels, self.sketches.labels, recipe, step, rng
        )
        sketches = self.sketches.pixels[sketch_indices]
        if self.doodles is not None:
            replaced = rng.random(len(sketches)) < recipe.doodle_rate
            sketches[replaced] = self.doodles[sketch_indices[replaced]]
        views = (
            random_views(self.photos.pixels[photo_indices], size, rng, device),
            random_views(
                sketches,
                size,
                rng,
                device,
                sketch=True,
                jitter=recipe.jitter,
                ink_dropout=recipe.ink_dropout,
            ),
        )
        photo_labels, sketch_labels = self.photos.labels[photo_indices], self.sketches.labels[sketch_indices]
        return Batch(
            pixels=torch.cat(views).contiguous(memory_format=torch.channels_last),
            labels=torch.from_numpy(np.concatenate([photo_labels, sketch_labels])).to(device),
            photo_targets=self.photo_targets[torch.from_numpy(photo_indices)].to(device),
            sketch_targets=self.class_targets[torch.from_numpy(sketch_labels)].to(device),
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
