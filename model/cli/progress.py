"""What training commands show: a progress bar, and the files that were left out."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

SHOWN_DAMAGED = 5
"""Names of damaged files that are printed; of the others only the number."""


def report_damaged(names: tuple[str, ...]) -> None:
    """Say which files were left out because they cannot be read; say nothing if there are none."""
    if names:
        first = ", ".join(names[:SHOWN_DAMAGED])
        Console(stderr=True).print(f"left out {len(names)} damaged files: {first}", soft_wrap=True)


def progress_bar() -> Progress:
    """Return a bar on standard error; each task has a text field `figures`."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
        console=Console(stderr=True),
    )
