"""Doodles and icons to train on beside photos and sketches, also of things without photos.

The photo side of a thing without photos is ImageNet's classifier: what it should say of the thing's doodles.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from model.data.icons import Icons
from model.data.pairs import DataError, fingerprint_of
from model.data.quickdraw import DoodleFiles
from model.data.thing_names import imagenet_classes, same_thing
from model.sketch.backbone.efficientnet import IMAGENET_CLASSES
from model.sketch.pictures import PictureKind, Pictures, decode_doodles, decode_icons

CONFIDENCE = 0.9
"""Probability that the classifier should give to a thing's ImageNet classes; the others share the rest."""


@dataclass(frozen=True)
class FurtherFiles:
    """Where further pictures are, before any file of pictures is opened.

    Attributes:
        doodles: drawings; None for none.
        icons: pictures on the photos' side; None for none.
        doodles_per_class: the most doodles of a class to read.
        variants: renderings of each icon.
    """

    doodles: DoodleFiles | None = None
    icons: Icons | None = None
    doodles_per_class: int = 80
    variants: int = 4

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all files and settings."""
        parts = [each.fingerprint if each is not None else "none" for each in (self.doodles, self.icons)]
        return fingerprint_of([*parts, f"{self.doodles_per_class} {self.variants}"])

    def without(self, hidden: Iterable[str]) -> "FurtherFiles":
        """The files of things that are not related to hidden classes (`thing_names.related`)."""
        names = tuple(hidden)
        return replace(
            self,
            doodles=self.doodles and self.doodles.without(names),
            icons=self.icons and self.icons.without(names),
        )

    def of(self, classes: Iterable[str]) -> "FurtherFiles":
        """The files of these classes, also under other names of the same things."""
        names = tuple(classes)
        return replace(
            self, doodles=self.doodles and self.doodles.of(names), icons=self.icons and self.icons.of(names)
        )


@dataclass(frozen=True)
class FurtherPictures:
    """Decoded doodles and icons, labelled with the classes of photos and sketches that show the same things.

    Attributes:
        doodles, icons: the pictures. Numbers of things without photos follow those of the classes.
        things: names of the things without photos.
        targets: ImageNet class probabilities of these things, [f, 1000]; zeros if the classifier does not
            know a thing.
        held_back: doodles and icons of the same things that are not to be trained on.
    """

    doodles: Pictures | None
    icons: Pictures | None
    things: tuple[str, ...]
    targets: Tensor
    held_back: Mapping[PictureKind, Pictures] = field(default_factory=dict)


def read_further(
    files: FurtherFiles, classes: Sequence[str], *, size: int, seed: int, held_back: float = 0.0
) -> FurtherPictures:
    """Decode doodles and icons, and find the class of each.

    Args:
        files: pictures of things that are not hidden.
        classes: the classes with photos and sketches; the position is the class number.
        size: side of the pictures in pixels.
        seed: decides the choice of doodles, and the icons' colours.
        held_back: share of the doodles of each class and of the icons to hold back.

    Raises:
        DataError: a file of doodles cannot be read, or none of the doodles or none of the icons can.
        RendererMissing: icons cannot be rendered.
    """
    things = list(classes)
    doodles = icons = None
    not_trained_on: dict[PictureKind, Pictures] = {}
    if files.doodles is not None and files.doodles.files:
        decoded = decode_doodles(files.doodles, files.doodles_per_class, size, seed)
        numbered = _renumbered(decoded, files.doodles.classes, things)
        doodles, not_trained_on["doodles"] = numbered.without_some(held_back)
    if files.icons is not None and files.icons.icons:
        shown, others = files.icons.without_some(held_back)
        icons = _renumbered(decode_icons(shown, files.variants, size, seed), shown.classes, things)
        with suppress(DataError):  # none is held back, or none of these can be rendered
            # One rendering each: another one of the same icon would be too easy to find.
            decoded = decode_icons(others, 1, size, seed)
            not_trained_on["icons"] = _renumbered(decoded, others.classes, things)
    further = tuple(things[len(classes) :])
    return FurtherPictures(doodles, icons, further, class_targets(further), not_trained_on)


def _renumbered(pictures: Pictures, names: Sequence[str], things: list[str]) -> Pictures:
    """Number the pictures' classes by their places in `things`, to which further things are added."""
    numbers: list[int] = []
    for name in names:
        number = next((number for number, thing in enumerate(things) if same_thing(name, thing)), len(things))
        if number == len(things):
            things.append(name)
        numbers.append(number)
    return Pictures(pictures.pixels, np.array(numbers)[pictures.labels], pictures.damaged)


def class_targets(things: Sequence[str]) -> Tensor:
    """What ImageNet's classifier should say of things, [f, 1000]; zeros if it does not know one."""
    targets = torch.zeros(len(things), IMAGENET_CLASSES)
    for number, thing in enumerate(things):
        if classes := imagenet_classes(thing):
            targets[number] = (1 - CONFIDENCE) / IMAGENET_CLASSES
            targets[number, list(classes)] += CONFIDENCE / len(classes)
    return targets
