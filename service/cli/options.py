"""Options and output that several commands share."""

from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from model.home import VARIABLE, default_home
from service.defaults import Defaults, Kind

Home = Annotated[Path, typer.Option(envvar=VARIABLE, help="Folder with checkpoints/ and galleries/.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
MaxPixels = Annotated[
    int,
    typer.Option(
        envvar="IIAE_MAX_PIXELS", min=1, help="Maximum number of pixels of a picture, as for the service."
    ),
]

DEFAULT_HOME = default_home()


def listing(*heads: str, title: str | None = None) -> Table:
    """Return an empty table of these columns. Text that is too wide goes on in the next line, uncut."""
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    return table


def print_defaults(console: Console, defaults: Defaults, kind: Kind) -> None:
    """Print which of the models or galleries answer requests that name none."""
    by_name: dict[str, list[str]] = {}
    for capability, name in sorted(defaults.names(kind).items()):
        by_name.setdefault(name, []).append(capability)
    for name, capabilities in by_name.items():
        console.print(f"default for {', '.join(capabilities)}: {name}", highlight=False)


def progress_bar(doing: str = "embedding") -> Progress:
    """Return a progress bar on stderr: the photos that are done, all photos, and the remaining time."""
    return Progress(
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("photos"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
