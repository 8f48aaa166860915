"""A folder of made pairs in the form of pix2pix's Maps: a satellite picture and its street map.

FOLDER/train/1.jpg and so on have the satellite picture on the left half and the map on the right. Figures on
these pairs say nothing about the published Maps.

A pair depends on the seed, the split and its number only. The same command gives equal pictures on every
machine with the same versions of numpy and Pillow.
"""

from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from model.data.standins.folder import prepare
from model.data.standins.maps.satellite.draw import draw_satellite
from model.data.standins.maps.street_map import draw_map
from model.data.standins.maps.town.build import build_town
from model.storage import write_bytes

Folder = Literal["train", "val"]
FOLDERS: tuple[Folder, Folder] = ("train", "val")
PUBLISHED: Mapping[Folder, int] = {"train": 1096, "val": 1098}
"""How many pairs the published Maps has."""
QUALITY = 92
VERSION = 1
"""Raise it when a change of the program changes the pictures."""


def make_pair(seed: int, folder: Folder, number: int, size: int) -> Image.Image:
    """Return one pair side by side, 2 size x size pixels."""
    town_rng, satellite_rng, map_rng = (
        np.random.default_rng((seed, FOLDERS.index(folder), number, part)) for part in range(3)
    )
    town = build_town(town_rng)
    both = Image.new("RGB", (2 * size, size))
    both.paste(draw_satellite(town, size, satellite_rng), (0, 0))
    both.paste(draw_map(town, size, map_rng), (size, 0))
    return both


def write_maps(folder: Path, *, size: int, seed: int, counts: Mapping[Folder, int]) -> Iterator[Path]:
    """Write the pairs that the folder does not have yet; yield the path of each pair when it is there.

    Raises:
        DataError: the folder holds other files, or pairs made with other settings.
        OSError: the disk is full or refuses to write.
    """
    names = [f"{split}/{number}.jpg" for split in counts for number in range(1, counts[split] + 1)]
    prepare(folder, "Maps", {"version": VERSION, "seed": seed, "size": size}, names)
    for split, count in counts.items():
        (folder / split).mkdir(exist_ok=True)
        for number in range(1, count + 1):
            path = folder / split / f"{number}.jpg"
            if not path.exists():
                file = BytesIO()
                # Without subsampling, the colours of the two sides do not mix in the middle.
                make_pair(seed, split, number, size).save(file, "JPEG", quality=QUALITY, subsampling=0)
                write_bytes(path, file.getvalue())
            yield path
