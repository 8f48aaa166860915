"""The classes that a checkpoint was trained on, its held-out classes, and the unseen ones."""

from dataclasses import dataclass

import typer

from model.data.sketchy import SketchyFiles, read_unseen
from model.manifest import Manifest


@dataclass(frozen=True)
class ClassSplit:
    """Class names by their use: training, model selection, and final figures."""

    trained: tuple[str, ...]
    held_out: tuple[str, ...]
    unseen: tuple[str, ...]


def class_split(manifest: Manifest, catalogue: SketchyFiles, unseen: str) -> ClassSplit:
    """Return how a checkpoint's training split the classes of a catalogue.

    Raises:
        BadParameter: the checkpoint was trained without held-out classes.
    """
    if not manifest.held_out:
        raise typer.BadParameter(
            f"{manifest.name} was trained without held-out classes; choose another checkpoint",
            param_hint="--checkpoint",
        )
    unseen_classes = read_unseen(unseen, catalogue.classes)
    others = {*unseen_classes, *manifest.held_out}
    trained = tuple(label for label in catalogue.classes if label not in others)
    return ClassSplit(trained, manifest.held_out, unseen_classes)
