"""Options and output that several commands share."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from model.home import VARIABLE, default_home

Home = Annotated[Path, typer.Option(envvar=VARIABLE, help="Folder with checkpoints/ and galleries/.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]

DEFAULT_HOME = default_home()


def progress_bar() -> Progress:
    """Return a progress bar on stderr: done, total and remaining time."""
    return Progress(
        TextColumn("embedding"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
