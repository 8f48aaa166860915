"""Decoded pictures of one domain, held in memory for training and evaluation."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from model.data.pairs import DataError
from model.data.sketchy import SketchyFiles
from model.presets import Preset
from model.regular_file import open_regular
from model.sketch.drawings.doodles import normalised_doodle
from model.sketch.drawings.normalise import NoDrawing, normalise


@dataclass(frozen=True)
class Pictures:
    """Decoded pictures of one domain.

    Attributes:
        pixels: uint8, [n, size, size, 3].
        labels: class numbers, [n].
        damaged: files that were left out, as `class/name`.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    damaged: tuple[str, ...]

    def batches(self, size: int) -> Iterator[Tensor]:
        """Yield the pictures in order, as float tensors [b, 3, h, w] in [-1, 1] with b up to `size`."""
        for start in range(0, len(self.pixels), size):
            batch = torch.from_numpy(self.pixels[start : start + size]).permute(0, 3, 1, 2)
            yield (batch.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def decode(
    files: Iterable[tuple[Path, str]], classes: tuple[str, ...], size: int, *, drawings: bool = False
) -> Pictures:
    """Decode files to RGB at size x size pixels; leave out files that cannot be read.

    Args:
        files: paths and their class names.
        classes: all class names; the position is the class number.
        size: side of the pictures, in pixels.
        drawings: normalise each picture first (`model.sketch.drawings`), and leave out those without ink.

    Raises:
        DataError: none of the files can be decoded.
    """
    number = {label: index for index, label in enumerate(classes)}
    pixels: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    damaged: list[str] = []
    for path, label in files:
        try:
            with open_regular(path) as file, Image.open(file) as opened:
                decoded = _resized(normalise(opened) if drawings else opened, size)
        except (OSError, SyntaxError, ValueError, NoDrawing):
            damaged.append(f"{label}/{path.name}")
            continue
        pixels.append(decoded)
        labels.append(number[label])
    if not pixels:
        first = f"; the first is {damaged[0]}" if damaged else ""
        raise DataError(f"none of {len(damaged)} pictures can be read{first}")
    return Pictures(np.stack(pixels), np.array(labels), tuple(damaged))


def decode_classes(
    catalogue: SketchyFiles, classes: tuple[str, ...], preset: Preset
) -> tuple[Pictures, Pictures]:
    """Decode the photos and the sketches of some classes as the preset's model takes them."""
    files = catalogue.only(classes)
    return (
        decode(files.photos, classes, preset.image_size),
        decode(files.sketches, classes, preset.image_size, drawings=preset.require_sketch().drawings),
    )


def draw_doodles(sketches: Pictures, seed: int) -> NDArray[np.uint8]:
    """Redraw each normalised sketch as a doodle (`model.sketch.drawings.doodles`), [n, size, size, 3]."""
    size = sketches.pixels.shape[1]

    def redraw(number: int) -> NDArray[np.uint8]:
        sketch = Image.fromarray(sketches.pixels[number])
        return _resized(normalised_doodle(sketch, np.random.default_rng((seed, number, 2))), size)

    return np.stack([redraw(number) for number in range(len(sketches.labels))])


def _resized(picture: Image.Image, size: int) -> NDArray[np.uint8]:
    return np.asarray(picture.convert("RGB").resize((size, size), Image.Resampling.BICUBIC))
