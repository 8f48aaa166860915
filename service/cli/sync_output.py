"""What `iiae index` and `iiae sync` print: progress, the summary, and files that cannot be read."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console

from service.cli.options import progress_bar
from service.file_names import printable
from service.galleries.sync.job import OnProgress
from service.galleries.sync.records import SyncReport

UNREADABLE_SHOWN = 20
ALWAYS = ("added", "moved", "relabelled", "removed")
"""Numbers that a summary has even if they are 0."""
WORDS = {
    "added": "added",
    "changed": "changed",
    "moved": "moved",
    "relabelled": "relabelled",
    "removed": "removed",
    "kept": "gone but kept",
    "copies": "copies of photos in the gallery",
    "unreachable": "not reachable now",
    "removed_by_hand": "removed from the gallery by hand before",
    "unchanged": "unchanged",
}


@contextmanager
def embedding_progress() -> Iterator[OnProgress]:
    """Show a progress bar once there is something to embed."""
    bar = progress_bar()
    task = bar.add_task("embedding", total=None)

    def show(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()


def print_report(report: SyncReport, gallery: str, folder: Path, *, as_json: bool) -> None:
    """Print what a sync did: one line of JSON, or sentences."""
    if as_json:
        typer.echo(json.dumps({"gallery": gallery, "folder": printable(str(folder))} | vars(report)))
        return
    console = Console(stderr=True)
    for line in report.unreadable[:UNREADABLE_SHOWN]:
        console.print(f"cannot read {line}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    if len(report.unreadable) > UNREADABLE_SHOWN:
        console.print(f"and {len(report.unreadable) - UNREADABLE_SHOWN} more", style="yellow")
    Console().print(
        f"{gallery}, {printable(str(folder))}: {summary(report)}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def summary(report: SyncReport) -> str:
    """Return what a sync did as one line."""
    counts = [(name, getattr(report, name)) for name in WORDS]
    parts = [f"{count:,} {WORDS[name]}" for name, count in counts if count or name in ALWAYS]
    if report.unreadable:
        parts.append(f"{len(report.unreadable):,} unreadable")
    line = ", ".join(parts)
    if report.skipped:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in report.skipped.most_common())
        line += f"; skipped: {reasons}"
    return line
