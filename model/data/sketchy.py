"""Sketches and photos by class: the folders of published data sets, lists of unseen classes, and features.

    DIR/photo/<class>/*.jpg                               Sketchy, or any data of this form
    DIR/sketch/<class>/*.png
    DIR[/256x256]/photo/tx_000000000000/<class>/*.jpg     Sketchy as it is published
    DIR[/256x256]/sketch/tx_000000000000/<class>/*.png
    DIR/EXTEND_image_sketchy/<class>/*.jpg                Sketchy Extended's further photos
    DIR/ImageResized/<class>/*.jpg                        TU-Berlin Extended
    DIR/png/<class>/*.png
    DIR/split{1,2}/{train,test}_{sketch,image}_{features,paths}.npy     the class is the folder in the path

Copies that follow published code have other names (`PHOTOS`, `FURTHER_PHOTOS`, `SKETCHES`). A class may be
spelled differently in each folder, such as hot-air_balloon and hot_air_balloon.

A text file with one name per line lists the unseen classes. A name may have a number after it, as in the
published `cname_cid_zero.txt`. Training takes a catalogue of the seen classes only, and opens no file of an
unseen class.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.data.pair_files import name_some
from model.data.pairs import DataError, describe_folder, fingerprint_of, pictures_in
from model.data.thing_names import plain_name, single_spaced
from model.regular_file import open_regular, read_regular

DOMAINS = ("photo", "sketch")
PLURALS = {"photo": "photos", "sketch": "sketches"}
ClassFolders = dict[str, list[Path]]
"""The folders of each class, by a name that other folders spell in the same way."""
_TX = "tx_000000000000"
PHOTOS = (
    f"256x256/photo/{_TX}_ready",
    f"256x256/photo/{_TX}",
    f"photo/{_TX}",
    "photo",
    "ImageResized_ready",
    "ImageResized",
    "images",
)
"""Names of the folder of photos, in the order in which they are tried."""
FURTHER_PHOTOS = ("EXTEND_image_sketchy_ready", "EXTEND_image_sketchy", "extended_photo")
"""Names of the folder with Sketchy Extended's further photos."""
SKETCHES = (
    f"256x256/sketch/{_TX}_ready",
    f"256x256/sketch/{_TX}",
    f"sketch/{_TX}",
    "sketch",
    "png_ready",
    "png",
    "sketches",
)
"""Names of the folder of sketches."""
SPLITS = Path(__file__).parents[1] / "splits"
"""Folder of the splits that ship with the package."""


@dataclass(frozen=True)
class SketchyFiles:
    """Paths and class names of photos and sketches; no file is opened.

    Attributes:
        photos: files and class names.
        sketches: the same.
        left_out: sentences about classes that were left out.
    """

    photos: tuple[tuple[Path, str], ...]
    sketches: tuple[tuple[Path, str], ...]
    left_out: tuple[str, ...] = ()

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
            self.left_out,
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
    photos, further, sketches = (_first_folder(folder, names) for names in (PHOTOS, FURTHER_PHOTOS, SKETCHES))
    photo_folders = [found for found in (photos, further) if found is not None]
    if not photo_folders or sketches is None:
        raise DataError(
            f"looked for photo/<class>/ and sketch/<class>/, or the folders of Sketchy Extended or TU-Berlin "
            f"Extended, in {folder}: {describe_folder(folder)}"
        )
    folders = {"photo": [_by_class(found) for found in photo_folders], "sketch": [_by_class(sketches)]}
    common = sorted({name for each in folders["photo"] for name in each} & set(folders["sketch"][0]))
    left_out = tuple(_without_partner(folders, set(common)))
    if not common:
        raise DataError(
            f"looked for classes that have a folder with photos and one with sketches in {folder}: "
            f"there are none; {'; '.join(left_out)}"
        )
    labels = {name: folders["sketch"][0][name][0].name for name in common}
    listed = {
        domain: tuple(
            (path, labels[name])
            for name in sorted(common, key=labels.__getitem__)
            for classes in folders[domain]
            for of_class in classes.get(name, ())
            for path in pictures_in(of_class)
        )
        for domain in DOMAINS
    }
    return SketchyFiles(listed["photo"], listed["sketch"], left_out)


def _without_partner(folders: dict[str, list[ClassFolders]], common: set[str]) -> Iterator[str]:
    """Yield a sentence about the classes of each domain that the other domain does not have."""
    for domain, other in (DOMAINS, DOMAINS[::-1]):
        alone = sorted(
            {
                of_class[0].name
                for each in folders[domain]
                for name, of_class in each.items()
                if name not in common
            }
        )
        if alone:
            count = "1 class" if len(alone) == 1 else f"{len(alone)} classes"
            yield f"{count} with {PLURALS[domain]} but no {PLURALS[other]}: {name_some(alone)}"


def _first_folder(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The first of these folders that exists."""
    return next((folder / name for name in names if (folder / name).is_dir()), None)


def _by_class(folder: Path) -> ClassFolders:
    """The folders of classes by their plain names, or by their names if two have the same plain name.

    Folders whose names differ in case, spaces, `-` and `_` only are one class.
    """
    spellings: dict[str, list[Path]] = {}
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        spellings.setdefault(single_spaced(path.name), []).append(path)
    counts = Counter(plain_name(spelling) for spelling in spellings)
    return {
        plain if counts[plain := plain_name(spelling)] == 1 else spelling: folders
        for spelling, folders in spellings.items()
    }


def read_unseen(split: str | Path, classes: Iterable[str]) -> tuple[str, ...]:
    """Read the unseen class names of a shipped split (`sketchy-25`, `sketchy-21`) or of a text file.

    The file has one name a line, perhaps with a number after it; '#' starts a comment.

    Args:
        split: name of a shipped split, or a path.
        classes: all class names of the data.

    Raises:
        DataError: the file cannot be read, is empty, or names a class that the data does not have.
    """
    shipped = SPLITS / f"{split}.txt"
    path = shipped if shipped.is_file() else Path(split)
    try:
        lines = [line.split("#")[0].strip() for line in read_regular(path).decode("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the unseen classes cannot be read from {path}: {error}") from error
    known = {plain_name(label): label for label in classes}
    names = [line if plain_name(line) in known else re.sub(r"\s+\d+$", "", line) for line in lines if line]
    if not names:
        raise DataError(f"{path} names no class; write one class name a line")
    if missing := [name for name in names if plain_name(name) not in known]:
        raise DataError(f"{path} names classes that the data does not have: {', '.join(missing[:5])}")
    return tuple(sorted({known[plain_name(name)] for name in names}))


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
