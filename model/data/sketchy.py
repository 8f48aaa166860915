"""Sketches and photos by class: folders of Sketchy's form, lists of unseen classes, and published features.

    DIR/photo/<class>/*.jpg
    DIR/sketch/<class>/*.png
    DIR/split{1,2}/{train,test}_{sketch,image}_{features,paths}.npy     the class is the folder in the path

A text file with one name per line lists the unseen classes. Training takes a catalogue of the seen classes
only, and opens no file of an unseen class.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.data.pairs import DataError, describe_folder, fingerprint_of, pictures_in
from model.regular_file import open_regular, read_regular

DOMAINS = ("photo", "sketch")
SPLITS = Path(__file__).parents[1] / "splits"
"""Folder of the splits that ship with the package."""


@dataclass(frozen=True)
class SketchyFiles:
    """Paths and class names of photos and sketches; no file is opened."""

    photos: tuple[tuple[Path, str], ...]
    sketches: tuple[tuple[Path, str], ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of all classes with photos, sorted; a class's position is its number."""
        return tuple(sorted({label for _, label in self.photos}))

    def only(self, classes: Iterable[str]) -> "SketchyFiles":
        """The files of some classes."""
        wanted = set(classes)
        return SketchyFiles(
            tuple(entry for entry in self.photos if entry[1] in wanted),
            tuple(entry for entry in self.sketches if entry[1] in wanted),
        )

    @property
    def fingerprint(self) -> str:
        """SHA-256 over class, name and size of every file."""
        return fingerprint_of(
            f"{label}/{path.name} {path.stat().st_size}" for path, label in (*self.photos, *self.sketches)
        )


def read_sketchy(folder: Path) -> SketchyFiles:
    """List the files of all classes that have both photos and sketches.

    Raises:
        DataError: the folder has no such class.
    """
    parents = {domain: folder / domain for domain in DOMAINS}
    if not all(path.is_dir() for path in parents.values()):
        raise DataError(
            f"looked for photo/<class>/ and sketch/<class>/ in {folder}: {describe_folder(folder)}"
        )
    named = [{path.name for path in parent.iterdir() if path.is_dir()} for parent in parents.values()]
    classes = sorted(named[0] & named[1])
    if not classes:
        raise DataError(
            f"looked for classes that have a folder in both photo/ and sketch/ of {folder}: there are none"
        )
    photos, sketches = (
        tuple((path, label) for label in classes for path in pictures_in(parents[domain] / label))
        for domain in DOMAINS
    )
    return SketchyFiles(photos, sketches)


def read_unseen(split: str | Path, classes: Iterable[str]) -> tuple[str, ...]:
    """Read the unseen class names of a shipped split (`sketchy-25`, `sketchy-21`) or of a text file.

    The file has one name a line; '#' starts a comment.

    Args:
        split: name of a shipped split, or a path.
        classes: all class names of the data.

    Raises:
        DataError: the file cannot be read, is empty, or names a class that the data does not have.
    """
    shipped = SPLITS / f"{split}.txt"
    path = shipped if shipped.is_file() else Path(split)
    try:
        lines = [line.split("#")[0].strip() for line in read_regular(path).decode().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the unseen classes cannot be read from {path}: {error}") from error
    known = {label: label for label in classes} | {label.split("_(")[0]: label for label in classes}
    names = [line for line in lines if line]
    if not names:
        raise DataError(f"{path} names no class; write one class name a line")
    if missing := [name for name in names if name not in known]:
        raise DataError(f"{path} names classes that the data does not have: {', '.join(missing[:5])}")
    return tuple(sorted({known[name] for name in names}))


def held_out(classes: Iterable[str], share: float, seed: int) -> tuple[str, ...]:
    """Choose seen classes at random to hold out of training, for model selection and calibration.

    Args:
        classes: the seen classes.
        share: share of them to hold out; at least two classes are held out.
        seed: decides the choice.

    Raises:
        DataError: fewer than two classes are left to train on.
    """
    ordered = sorted(classes)
    count = max(2, round(len(ordered) * share))
    if len(ordered) - count < 2:
        raise DataError(
            f"{count} classes are to be held out and at least 2 must be left to train on, but there are only "
            f"{len(ordered)} seen classes; add classes, or train with --hold-out 0"
        )
    chosen = np.random.default_rng((seed, 0x5EED)).permutation(len(ordered))[:count]
    return tuple(ordered[index] for index in sorted(chosen))


def read_features(folder: Path, split: str) -> tuple[Tensor, list[str], Tensor, list[str]]:
    """Read the published features of one split.

    Args:
        folder: holds the four `.npy` files.
        split: "train" or "test".

    Returns:
        Photos' features [n, d], their class names, sketches' features [m, d], their class names.

    Raises:
        DataError: a file is missing, or features and paths differ in number.
    """
    parts: list[Tensor | list[str]] = []
    for domain in ("image", "sketch"):
        for kind in ("features", "paths"):
            path = folder / f"{split}_{domain}_{kind}.npy"
            if not path.is_file():
                raise DataError(f"looked for {path.name} in {folder}: {describe_folder(folder)}")
            with open_regular(path) as file:
                array = np.load(file, allow_pickle=False)
            parts.append(
                torch.from_numpy(array.astype(np.float32))
                if kind == "features"
                else [str(entry).split("/")[-2] for entry in array]
            )
    photos, photo_classes, sketches, sketch_classes = parts
    assert isinstance(photos, Tensor) and isinstance(sketches, Tensor)
    assert isinstance(photo_classes, list) and isinstance(sketch_classes, list)
    if len(photos) != len(photo_classes) or len(sketches) != len(sketch_classes):
        raise DataError(f"{folder}: features and paths of {split} differ in number")
    return photos, photo_classes, sketches, sketch_classes
