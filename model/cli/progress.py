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
"""Names of files that are printed; of the others only the number."""


def report_damaged(names: tuple[str, ...]) -> None:
    """Say which files were left out because they cannot be read; say nothing if there are none."""
    if names:
        first = ", ".join(names[:SHOWN_DAMAGED])
        more = f" and {len(names) - SHOWN_DAMAGED} more" if len(names) > SHOWN_DAMAGED else ""
        files = "1 file" if len(names) == 1 else f"{len(names)} files"
        text = f"left out {files} that cannot be used: {first}{more}"
        Console(stderr=True).print(text, soft_wrap=True, markup=False)


def report_left_out(sentences: tuple[str, ...]) -> None:
    """Say which pictures were left out for other reasons."""
    for sentence in sentences:
        Console(stderr=True).print(f"left out {sentence}", soft_wrap=True, markup=False)


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
