"""Doodles to train on: their classes, and what ImageNet's classifier should say of them."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from model.data.quickdraw import DoodleFiles
from model.data.thing_names import imagenet_classes, same_thing
from model.sketch.backbone.efficientnet import IMAGENET_CLASSES
from model.sketch.pictures import Pictures, decode_doodles

CONFIDENCE = 0.9
"""Probability that the classifier should give to a thing's ImageNet classes; the others share the rest."""


@dataclass(frozen=True)
class Doodles:
    """Decoded doodles, labelled with the classes of photos and sketches where they show the same thing.

    Attributes:
        pictures: the doodles. The numbers of things without photos follow those of the classes with photos.
        further: names of the things without photos.
        further_targets: ImageNet class probabilities of the things without photos, [f, 1000]. A thing that
            the classifier does not know has zeros.
    """

    pictures: Pictures
    further: tuple[str, ...]
    further_targets: Tensor


def read_doodles(files: DoodleFiles, classes: tuple[str, ...], *, most: int, size: int, seed: int) -> Doodles:
    """Decode doodles, and find the class of each.

    Args:
        files: doodles of things that are not hidden.
        classes: the classes with photos and sketches; the position is the class number.
        most: doodles of each thing.
        size: side of the pictures in pixels.
        seed: decides the choice of doodles.

    Raises:
        DataError: a file of doodles cannot be read, or there is no doodle.
    """
    decoded = decode_doodles(files, most, size, seed)
    things = list(classes)
    numbers: list[int] = []
    for name in files.classes:
        number = next((number for number, thing in enumerate(things) if same_thing(name, thing)), len(things))
        if number == len(things):
            things.append(name)
        numbers.append(number)
    further = tuple(things[len(classes) :])
    return Doodles(
        Pictures(decoded.pixels, np.array(numbers)[decoded.labels], decoded.damaged),
        further,
        torch.stack([_no_target(), *(_target(name) for name in further)])[1:],
    )


def _target(thing: str) -> Tensor:
    target = _no_target()
    if numbers := imagenet_classes(thing):
        target += (1 - CONFIDENCE) / IMAGENET_CLASSES
        target[list(numbers)] += CONFIDENCE / len(numbers)
    return target


def _no_target() -> Tensor:
    return torch.zeros(IMAGENET_CLASSES)
