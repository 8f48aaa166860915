"""Measure zero-shot sketch search of checkpoints with different seeds: each one, the mean and the spread.

    python -m benchmarks.sketch_seeds --data DIR --unseen sketchy-25 --checkpoint s25-0 --checkpoint s25-1

The spread is the sample standard deviation. The table also has the backbone's features, which the
shared codes are computed from, and the exclusive codes, which should find nothing.
"""

from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.shared.options import DEFAULT_HOME, Data, Home, Unseen
from model import checkpoint
from model.allocator import keep_memory
from model.cli.options import Device, choose_device
from model.data.sketchy import read_sketchy, read_unseen
from model.evaluation.sketch_search import measure_sketch_search

FIGURES = ("map_all", "map_200", "p_100", "p_10")
CODES = {
    "": "zs",
    "features_": "features",
    "standardised_features_": "features, standardised",
    "exclusive_": "exclusive codes",
    "search_": "search codes",
    "expanded_": "search codes, expanded as served",
}


def main(
    data: Data,
    names: Annotated[list[str], typer.Option("--checkpoint", help="A checkpoint's name or folder.")],
    unseen: Unseen = "sketchy-25",
    home: Home = DEFAULT_HOME,
    device: Device = "cpu",
) -> None:
    """Print the table."""
    keep_memory()
    catalogue = read_sketchy(data)
    hidden = catalogue.only(read_unseen(unseen, catalogue.classes))
    found = []
    for name in names:
        found.append(
            measure_sketch_search(
                checkpoint.load(checkpoint.find(home / "checkpoints", name), choose_device(device)), hidden
            )
        )
    table = Table(
        "",
        "checkpoint",
        "mAP@all",
        "mAP@200",
        "P@100",
        "P@10",
        title=f"{unseen}: {found[0]['queries']:.0f} sketches, {found[0]['photos']:.0f} photos",
    )
    for prefix, code in CODES.items():
        present = [
            (name, [each[prefix + figure] for figure in FIGURES])
            for name, each in zip(names, found, strict=True)
            if f"{prefix}map_all" in each
        ]
        for name, figures in present:
            table.add_row(code, name, *(f"{figure:.3f}" for figure in figures))
        columns = np.array([figures for _, figures in present])
        spread = columns.std(0, ddof=1) if len(columns) > 1 else np.zeros(len(FIGURES))
        table.add_row(
            code,
            "mean ± spread",
            *(f"{mean:.3f} ± {off:.3f}" for mean, off in zip(columns.mean(0), spread, strict=True)),
            end_section=True,
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
