"""`python -m model.data.standins.cars FOLDER` draws the stand-in for Cars."""

from model.data.cars import CARS
from model.data.standins.cars.folder import ALL, fill_folder
from model.data.standins.command import make, parser_of, whole_number


def main(arguments: list[str] | None = None) -> None:
    """Draw the cars into the folder that the command line names."""
    parser = parser_of("python -m model.data.standins.cars", "Cars", size=64, sizes=(16, 512))
    parser.add_argument(
        "--cars",
        type=whole_number(1, len(ALL)),
        default=len(ALL),
        help=f"How many cars ({len(ALL)}). Validation has the cars from {CARS['val'][0]} on.",
    )
    options = parser.parse_args(arguments)
    cars = fill_folder(options.folder, size=options.size, seed=options.seed, cars=options.cars)
    make(cars, options.cars, "cars")


if __name__ == "__main__":
    main()
