"""Decoded pictures of one domain, for training and evaluation."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from model.data.icons import Icons
from model.data.pairs import DataError
from model.data.quickdraw import DoodleFiles
from model.data.sketchy import SketchyFiles
from model.images.decode import read_picture
from model.images.errors import PictureError
from model.pictures import resized, smallest_side
from model.presets import Preset, Side
from model.sketch.drawings import normalise as drawing_rules
from model.sketch.drawings.normalise import NoDrawing, normalise
from model.sketch.pixel_file import ChosenPixels, PixelArray, PixelFile, Pixels

AHEAD = 64
"""Pictures that are decoded ahead of the one that is written."""

PictureKind = Literal["photos", "sketches", "doodles", "icons"]
SIDE_OF: dict[PictureKind, Side] = {"photos": "x", "icons": "x", "sketches": "y", "doodles": "y"}
"""The domain of each kind of pictures: X is searched, Y is drawn."""

T = TypeVar("T")


def some_of_each(labels: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Indices of at most `most` pictures of each class, spread evenly over the class's."""
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    places = [np.linspace(0, len(of) - 1, min(most, len(of))).astype(np.int64) for of in members]
    return np.concatenate([of[place] for of, place in zip(members, places, strict=True)])


@dataclass(frozen=True)
class Pictures:
    """Decoded pictures of one domain.

    Attributes:
        pixels: uint8, [n, size, size, c]: photos have 3 channels, normalised drawings have 1.
        labels: class numbers, [n].
        damaged: files that were left out, as `class/name`.
    """

    pixels: PixelArray
    labels: NDArray[np.int64]
    damaged: tuple[str, ...] = ()

    def some_of_each(self, most: int) -> "Pictures":
        """At most `most` pictures of each class."""
        return self._at(some_of_each(self.labels, most))

    def without_some(self, share: float) -> tuple["Pictures", "Pictures"]:
        """Split off the last pictures of each class: return the others, and these.

        Args:
            share: of each class's pictures, rounded down. A class with few pictures keeps all.
        """
        left_out = np.zeros(len(self.labels), bool)
        for label in np.unique(self.labels):
            members = np.flatnonzero(self.labels == label)
            left_out[members[len(members) - int(share * len(members)) :]] = True
        others = self._at(np.flatnonzero(~left_out))
        return replace(others, damaged=self.damaged), self._at(np.flatnonzero(left_out))

    def _at(self, chosen: NDArray[np.int64]) -> "Pictures":
        return Pictures(ChosenPixels(self.pixels, chosen), self.labels[chosen])

    def batches(self, size: int) -> Iterator[Tensor]:
        """Yield the pictures in order, as float tensors [b, 3, h, w] in [-1, 1] with b up to `size`."""
        for start in range(0, len(self.pixels), size):
            batch = torch.from_numpy(self.pixels[start : start + size]).permute(0, 3, 1, 2)
            pixels = (batch.float() / 127.5 - 1).expand(-1, 3, -1, -1)
            yield pixels.contiguous(memory_format=torch.channels_last)


def decode(
    files: Iterable[tuple[Path, str]], classes: tuple[str, ...], size: int, *, drawings: bool = False
) -> Pictures:
    """Decode files to size x size pixels, exactly as the service does; leave out files that cannot be read.

    Args:
        files: paths and their class names.
        classes: all class names; the position is the class number.
        size: side of the pictures, in pixels.
        drawings: normalise each picture first (`model.sketch.drawings`), and leave out those without ink.

    Raises:
        DataError: none of the files can be decoded.
    """

    def read(path: Path) -> Pixels | None:
        try:
            if drawings:
                smallest = drawing_rules.SMALLEST_SIDE
                return drawn(read_picture(path, smallest=smallest, drawing=True), size)
            return resized(read_picture(path, smallest=smallest_side(size)), size)
        except (OSError, PictureError, NoDrawing):
            return None

    read_files = in_threads(lambda entry: read(entry[0]), files)
    named = ((label, f"{label}/{path.name}", picture) for (path, label), picture in read_files)
    return _collected(named, classes, (size, size, 1 if drawings else 3))


def decode_classes(
    catalogue: SketchyFiles, classes: tuple[str, ...], preset: Preset
) -> tuple[Pictures, Pictures]:
    """Decode the photos and the sketches of some classes as the preset's model takes them."""
    files = catalogue.only(classes)
    return (
        decode(files.photos, classes, preset.image_size),
        decode(files.sketches, classes, preset.image_size, drawings=preset.require_sketch().drawings),
    )


def decode_doodles(files: DoodleFiles, most: int, size: int, seed: int) -> Pictures:
    """Normalise doodles to size x size pixels; leave out those without ink.

    Args:
        files: the doodles; positions in `files.classes` are the class numbers.
        most: doodles of each class.
        size: side of the pictures, in pixels.
        seed: decides the choice of doodles.

    Raises:
        DataError: a file of doodles cannot be read, or no doodle has ink.
    """

    def read(entry: tuple[Image.Image, str]) -> Pixels | None:
        try:
            return drawn(entry[0], size)
        except NoDrawing:
            return None

    prepared = in_threads(read, files.drawings(most, seed))
    named = ((label, f"{label}/doodle", picture) for (_, label), picture in prepared)
    return _collected(named, files.classes, (size, size, 1))


def decode_icons(icons: Icons, variants: int, size: int, seed: int) -> Pictures:
    """Render icons to size x size pixels.

    Args:
        icons: the icons; positions in `icons.classes` are the class numbers.
        variants: renderings of each icon, in other colours.
        size: side of the pictures, in pixels.
        seed: decides the colours.

    Raises:
        DataError: no icon can be rendered.
        RendererMissing: the renderer is not installed.
    """
    rendered = in_threads(lambda entry: resized(entry[0], size), icons.pictures(variants, seed))
    named = ((label, f"{label}/icon", picture) for (_, label), picture in rendered)
    return _collected(named, icons.classes, (size, size, 3))


def _collected(
    pictures: Iterable[tuple[str, str, Pixels | None]], classes: tuple[str, ...], shape: tuple[int, int, int]
) -> Pictures:
    """Keep the pictures that could be prepared, and the names of the others.

    Args:
        pictures: the class, the name and the pixels of each.
        classes: all class names; the position is the class number.
        shape: height, width and channels of each picture.

    Raises:
        DataError: none of the pictures could be prepared.
    """
    number = {label: index for index, label in enumerate(classes)}
    pixels = PixelFile(shape)
    labels: list[int] = []
    damaged: list[str] = []
    for label, name, picture in pictures:
        if picture is None:
            damaged.append(name)
            continue
        pixels.append([picture])
        labels.append(number[label])
    if not labels:
        first = f"; the first is {damaged[0]}" if damaged else ""
        raise DataError(f"none of {len(damaged)} pictures can be read{first}")
    return Pictures(pixels, np.array(labels), tuple(damaged))


def drawn(drawing: Image.Image, size: int) -> Pixels:
    """Normalise a drawing to pixels [size, size, 1].

    Raises:
        NoDrawing: the picture has no ink.
    """
    return resized(normalise(drawing), size)[:, :, :1]


def in_threads(
    function: Callable[[T], Pixels | None], entries: Iterable[T]
) -> Iterator[tuple[T, Pixels | None]]:
    """Apply a function in threads, and yield each entry with its result, in order."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = []
        for entry in entries:
            waiting.append((entry, pool.submit(function, entry)))
            if len(waiting) == AHEAD:
                first, result = waiting.pop(0)
                yield first, result.result()
        for entry, result in waiting:
            yield entry, result.result()
