"""A stand-in for pix2pix's Maps: made pairs of a satellite picture and its street map.

`python -m model.data.standins.maps FOLDER` writes the published form, FOLDER/train/1.jpg and so on, with the
satellite picture on the left half and the map on the right. Figures on these pairs say nothing about the
published Maps.

A pair depends on the seed, the split and its number only. The same command gives equal pictures on every
machine with the same versions of numpy and Pillow.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track

from model.data.pairs import DataError
from model.data.standins.satellite.draw import draw_satellite
from model.data.standins.street_map import draw_map
from model.data.standins.town.build import build_town
from model.regular_file import read_regular
from model.storage import write_bytes

Folder = Literal["train", "val"]
FOLDERS: tuple[Folder, Folder] = ("train", "val")
PUBLISHED: Mapping[Folder, int] = {"train": 1096, "val": 1098}
"""How many pairs the published Maps has."""
NOTE = "made.json"
"""The file that says which settings a folder's pictures were made with."""
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
    prepare(folder, size=size, seed=seed, counts=counts)
    for split, count in counts.items():
        for number in range(1, count + 1):
            path = folder / split / f"{number}.jpg"
            if not path.exists():
                file = BytesIO()
                # Without subsampling, the colours of the two sides do not mix in the middle.
                make_pair(seed, split, number, size).save(file, "JPEG", quality=QUALITY, subsampling=0)
                write_bytes(path, file.getvalue())
            yield path


def prepare(folder: Path, *, size: int, seed: int, counts: Mapping[Folder, int]) -> None:
    """Make the folders and the note, or check that those of an interrupted run fit.

    Raises:
        DataError: the folder holds other files, or pairs made with other settings.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; name a folder")
    settings = {"made": "stand-in for Maps", "version": VERSION, "size": size, "seed": seed}
    _check_names(folder, {*counts, NOTE})
    for split, count in counts.items():
        _check_names(folder / split, {f"{number}.jpg" for number in range(1, count + 1)})
    note = folder / NOTE
    if note.exists():
        found = _read_note(note)
        if found != settings:
            raise DataError(
                f"{folder} was made with other settings: {found}, not {settings}; name another folder"
            )
    elif any((folder / split).exists() for split in counts):
        raise DataError(f"{folder} holds pictures that this program did not make; name another folder")
    for split in counts:
        (folder / split).mkdir(parents=True, exist_ok=True)
    if not note.exists():
        write_bytes(note, json.dumps(settings).encode())


def _check_names(folder: Path, expected: set[str]) -> None:
    """Refuse files with other names; those with a dot first are left by systems and by interrupted writes."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    others = sorted(name for name in names - expected if not name.startswith("."))
    if others:
        raise DataError(
            f"{folder} holds {others[0]}, which is none of the files to write; name an empty folder, "
            "or the one of an interrupted run with its settings"
        )


def _read_note(note: Path) -> object:
    try:
        found: object = json.loads(read_regular(note))
    except (OSError, ValueError) as error:
        raise DataError(f"{note} cannot be read: {error}; name another folder") from error
    return found


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return a parser of whole numbers in a range."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return value

    return parse


def main(arguments: list[str] | None = None) -> None:
    """Write a stand-in for Maps into the folder that the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m model.data.standins.maps",
        description="Make a stand-in for pix2pix's Maps. An interrupted run goes on where it stopped.",
    )
    count, size, seed = _whole_number(1, 100_000), _whole_number(32, 1024), _whole_number(0, 2**63 - 1)
    parser.add_argument("folder", type=Path, help="Folder to write; made if it does not exist.")
    parser.add_argument("--size", type=size, default=128, help="Side of each picture in pixels.")
    parser.add_argument("--seed", type=seed, default=0, help="Another seed gives other towns.")
    for split in FOLDERS:
        parser.add_argument(f"--{split}", type=count, default=PUBLISHED[split], help=f"Pairs of {split}.")
    options = parser.parse_args(arguments)
    counts: dict[Folder, int] = {"train": options.train, "val": options.val}
    paths = write_maps(options.folder, size=options.size, seed=options.seed, counts=counts)
    try:
        for _ in track(paths, "Making pairs", sum(counts.values()), console=Console(stderr=True)):
            pass
    except (DataError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
