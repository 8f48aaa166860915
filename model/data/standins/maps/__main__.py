"""`python -m model.data.standins.maps FOLDER` makes the stand-in for Maps."""

from model.data.standins.command import make, parser_of, whole_number
from model.data.standins.maps.folder import FOLDERS, PUBLISHED, Folder, write_maps


def main(arguments: list[str] | None = None) -> None:
    """Write the pairs into the folder that the command line names."""
    parser = parser_of("python -m model.data.standins.maps", "Maps", size=128, sizes=(32, 1024))
    for split in FOLDERS:
        parser.add_argument(
            f"--{split}",
            type=whole_number(1, 100_000),
            default=PUBLISHED[split],
            help=f"Pairs of {split}/ ({PUBLISHED[split]:,}).",
        )
    options = parser.parse_args(arguments)
    counts: dict[Folder, int] = {"train": options.train, "val": options.val}
    pairs = write_maps(options.folder, size=options.size, seed=options.seed, counts=counts)
    make(pairs, sum(counts.values()), "pairs")


if __name__ == "__main__":
    main()
