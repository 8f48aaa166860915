"""The command that draws the stand-in: `python -m model.data.standin_cars FOLDER`."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from model.data.cars import CARS
from model.data.pairs import DataError
from model.data.standin_cars.folder import fill_folder

ALL_CARS = CARS["test"][-1]


def main(arguments: list[str] | None = None) -> None:
    """Draw the cars into the folder that the command line names; a repeated command continues."""
    parser = argparse.ArgumentParser(
        prog="python -m model.data.standin_cars",
        description="Draw a stand-in for the data set Cars, in its published form. "
        "A repeated command continues an interrupted one.",
    )
    parser.add_argument("folder", type=Path, help="Folder for the cars; made if it does not exist.")
    parser.add_argument(
        "--size", type=_between(16, 512), default=64, help="Width and height of the pictures (64)."
    )
    parser.add_argument(
        "--seed", type=_between(0, 2**32 - 1), default=0, help="Another seed draws other cars (0)."
    )
    parser.add_argument(
        "--cars",
        type=_between(1, ALL_CARS),
        default=ALL_CARS,
        help=f"How many cars ({ALL_CARS}). Validation has the cars from {CARS['val'][0]} on.",
    )
    options = parser.parse_args(arguments)
    try:
        for number in fill_folder(options.folder, size=options.size, seed=options.seed, cars=options.cars):
            print(f"\r{number} of {options.cars} cars", end="", file=sys.stderr, flush=True)
    except (DataError, OSError) as error:
        sys.exit(f"error: {error}")
    print(f"\nThe stand-in for Cars is in {options.folder}.", file=sys.stderr)


def _between(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of whole numbers within a range."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return parse


if __name__ == "__main__":
    main()
