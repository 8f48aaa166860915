"""Options and output that several commands share."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from service.defaults import Defaults, Kind

Home = Annotated[Path, typer.Option(envvar="IIAE_HOME", help="Folder with checkpoints/ and galleries/.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]

DEFAULT_HOME = Path("var")


def print_defaults(console: Console, defaults: Defaults, kind: Kind) -> None:
    """Print which of the models or galleries answer requests that name none."""
    by_name: dict[str, list[str]] = {}
    for capability, name in sorted(defaults.names(kind).items()):
        by_name.setdefault(name, []).append(capability)
    for name, capabilities in by_name.items():
        console.print(f"default for {', '.join(capabilities)}: {name}", highlight=False)


def progress_bar() -> Progress:
    """Return a progress bar on stderr: done, total and remaining time."""
    return Progress(
        TextColumn("embedding"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
