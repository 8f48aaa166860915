"""Sketches and photos by class: Sketchy's folders, one's own of the same form, and the published features.

    DIR/photo/<class>/*.jpg, DIR/sketch/<class>/*.png
    DIR/split{1,2}/{train,test}_{sketch,image}_{features,paths}.npy     the class is the path's folder

Which classes are unseen is a text file of names, one a line. Training asks for pictures of seen classes
only; no file of an unseen class is opened.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from model.data.pairs import DataError, fingerprint_of, found_in, pictures_in
from model.sketch.doodles import rough
from model.sketch.drawings import NoDrawing, normalise

DOMAINS = ("photo", "sketch")
SPLITS = Path(__file__).parents[1] / "splits"


@dataclass(frozen=True)
class Catalogue:
    """Files and their classes; nothing has been opened yet."""

    photos: tuple[tuple[Path, str], ...]
    sketches: tuple[tuple[Path, str], ...]

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(sorted({label for _, label in self.photos}))

    def only(self, classes: Iterable[str]) -> "Catalogue":
        """The files of some classes."""
        kept = set(classes)
        return Catalogue(
            tuple(entry for entry in self.photos if entry[1] in kept),
            tuple(entry for entry in self.sketches if entry[1] in kept),
        )

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(
            f"{label}/{path.name} {path.stat().st_size}" for path, label in (*self.photos, *self.sketches)
        )


def read_catalogue(folder: Path) -> Catalogue:
    """The files of the classes that have both photos and sketches.

    Raises:
        DataError: the folder has no such classes.
    """
    both = {domain: folder / domain for domain in DOMAINS}
    if not all(path.is_dir() for path in both.values()):
        raise DataError(f"looked for photo/<class>/ and sketch/<class>/ in {folder}: {found_in(folder)}")
    named = [{path.name for path in parent.iterdir() if path.is_dir()} for parent in both.values()]
    classes = sorted(named[0] & named[1])
    if not classes:
        raise DataError(
            f"looked for classes that have a folder in both photo/ and sketch/ of {folder}: there are none"
        )
    photos, sketches = (
        tuple((path, label) for label in classes for path in pictures_in(both[domain] / label))
        for domain in DOMAINS
    )
    return Catalogue(photos, sketches)


def read_unseen(split: str | Path, classes: Iterable[str]) -> tuple[str, ...]:
    """The class names of a split, `sketchy-25` or `sketchy-21`, or of a file; one name a line, '#' starts a comment.

    Raises:
        DataError: the file cannot be read, is empty, or names a class that is not there.
    """
    shipped = SPLITS / f"{split}.txt"
    path = shipped if shipped.is_file() else Path(split)
    try:
        lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the unseen classes cannot be read from {path}: {error}") from error
    known = {label: label for label in classes} | {label.split("_(")[0]: label for label in classes}
    names = [line for line in lines if line]
    if not names:
        raise DataError(f"{path} names no class")
    if missing := [name for name in names if name not in known]:
        raise DataError(f"{path} names classes that the data does not have: {', '.join(missing[:5])}")
    return tuple(sorted({known[name] for name in names}))


def held_out(classes: Iterable[str], share: float, seed: int) -> tuple[str, ...]:
    """A share of seen classes, but at least two, chosen by the seed, on which every choice of training is made.

    Raises:
        DataError: too few classes are left to train on.
    """
    ordered = sorted(classes)
    count = max(2, round(len(ordered) * share))
    if len(ordered) - count < 2:
        raise DataError(
            f"there are {len(ordered)} seen classes; at least 4 are needed to hold {count} of them out (or hold none out)"
        )
    chosen = np.random.default_rng((seed, 0x5EED)).permutation(len(ordered))[:count]
    return tuple(ordered[index] for index in sorted(chosen))


@dataclass(frozen=True)
class Pictures:
    """Decoded pictures of one domain: pixels [n, size, size, 3] (uint8) and class numbers [n]."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    damaged: tuple[str, ...]


def decode(
    files: Iterable[tuple[Path, str]], classes: tuple[str, ...], size: int, *, drawings: bool = False
) -> Pictures:
    """Pictures of a catalogue at size x size, RGB; files that cannot be read, or hold no drawing, are left out and named.

    With `drawings` they are normalised first (`model.sketch.drawings`).
    """
    number = {label: index for index, label in enumerate(classes)}
    pixels: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    damaged: list[str] = []
    for path, label in files:
        try:
            with Image.open(path) as opened:
                decoded = _at(size, normalise(opened) if drawings else opened)
        except (OSError, SyntaxError, ValueError, NoDrawing):
            damaged.append(f"{label}/{path.name}")
            continue
        pixels.append(decoded)
        labels.append(number[label])
    if not pixels:
        raise DataError(f"none of the {len(damaged)} pictures can be read; the first is {damaged[:1]}")
    return Pictures(np.stack(pixels), np.array(labels), tuple(damaged))


def doodle_versions(sketches: Pictures, seed: int) -> NDArray[np.uint8]:
    """A doodle (`model.sketch.doodles`) of each normalised sketch, in their order and size; [n, size, size, 3]."""
    size = sketches.pixels.shape[1]

    def drawn(number: int) -> NDArray[np.uint8]:
        careful = Image.fromarray(sketches.pixels[number])
        return _at(size, rough(careful, np.random.default_rng((seed, number, 2))))

    return np.stack([drawn(number) for number in range(len(sketches.labels))])


def _at(size: int, picture: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(picture.convert("RGB").resize((size, size), Image.Resampling.BICUBIC))


class FeaturePairs:
    """Pairs of features: any photo (X) and any sketch (Y) of one class, drawn anew each time.

    Args:
        photos, sketches: features [n, d].
        photo_labels, sketch_labels: class numbers [n].
    """

    def __init__(
        self,
        photos: Tensor,
        photo_labels: NDArray[np.int64],
        sketches: Tensor,
        sketch_labels: NDArray[np.int64],
    ) -> None:
        self.domains = DOMAINS
        self.damaged: tuple[str, ...] = ()
        self.photos, self.sketches = photos, sketches
        self.photo_labels = photo_labels
        shared = sorted(set(photo_labels.tolist()) & set(sketch_labels.tolist()))
        self.of_class = [
            (np.flatnonzero(photo_labels == label), np.flatnonzero(sketch_labels == label))
            for label in shared
        ]
        self.fingerprint = fingerprint_of(
            [str(tuple(photos.shape)), str(photo_labels.tolist()), str(sketch_labels.tolist())]
        )

    def __len__(self) -> int:
        return len(self.of_class)

    def pair(self, index: int, rng: np.random.Generator | None) -> tuple[Tensor, Tensor]:
        photos, sketches = self.of_class[index]
        if rng is None:
            return self.photos[photos[0]], self.sketches[sketches[0]]
        return self.photos[rng.choice(photos)], self.sketches[rng.choice(sketches)]


def read_features(folder: Path, split: str) -> tuple[Tensor, list[str], Tensor, list[str]]:
    """Published features of one split ("train" or "test"): photos [n, d], their classes, sketches [m, d], theirs.

    Raises:
        DataError: a file of the four is missing or of another form.
    """
    parts: list[Tensor | list[str]] = []
    for domain in ("image", "sketch"):
        for what in ("features", "paths"):
            path = folder / f"{split}_{domain}_{what}.npy"
            if not path.is_file():
                raise DataError(f"looked for {path.name} in {folder}: {found_in(folder)}")
            array = np.load(path, allow_pickle=False)
            parts.append(
                torch.from_numpy(array.astype(np.float32))
                if what == "features"
                else [str(entry).split("/")[-2] for entry in array]
            )
    photos, photo_classes, sketches, sketch_classes = parts
    assert isinstance(photos, Tensor) and isinstance(sketches, Tensor)
    assert isinstance(photo_classes, list) and isinstance(sketch_classes, list)
    if len(photos) != len(photo_classes) or len(sketches) != len(sketch_classes):
        raise DataError(f"{folder}: features and paths of {split} differ in number")
    return photos, photo_classes, sketches, sketch_classes
