"""What the commands that make stand-ins have in common: their arguments, progress and errors."""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import track

from model.data.pairs import DataError


def parser_of(program: str, what: str, *, size: int, sizes: tuple[int, int]) -> argparse.ArgumentParser:
    """Return a parser of the arguments that all stand-ins have.

    Args:
        program: the command, such as `python -m model.data.standins.cars`.
        what: the data set that it stands in for.
        size: the pictures' width if none is given.
        sizes: the smallest and the largest width.
    """
    parser = argparse.ArgumentParser(
        prog=program,
        description=f"Make a stand-in for the data set {what}, in its published form. "
        "A repeated command continues an interrupted one.",
    )
    parser.add_argument("folder", type=Path, help="Folder to write; made if it does not exist.")
    parser.add_argument(
        "--size", type=whole_number(*sizes), default=size, help=f"Width of each picture in pixels ({size})."
    )
    parser.add_argument(
        "--seed", type=whole_number(0, 2**32 - 1), default=0, help="Another seed makes other pictures (0)."
    )
    return parser


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of whole numbers within a range."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return parse


def make(files: Iterable[object], total: int, what: str) -> None:
    """Make all files with a progress bar; an error ends the program with a message."""
    try:
        for _ in track(files, f"Making {what}", total, console=Console(stderr=True)):
            pass
    except (DataError, OSError) as error:
        sys.exit(f"error: {error}")
