"""`iiae fsck`: check galleries and checkpoints, and repair what can be repaired safely."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from service.cli.options import DEFAULT_HOME, AsJson, Home
from service.galleries.fsck.check import check_home
from service.galleries.fsck.finding import Finding, Options


def fsck(
    galleries: Annotated[
        list[str] | None,
        typer.Argument(
            help="The galleries to check. Default: all, and the checkpoints of the store.", show_default=False
        ),
    ] = None,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Make thumbnails again, drop damaged indexes, mark damaged embeddings for `iiae reindex`,"
            " delete leftovers. Pictures that belong to no photo move to the gallery's folder quarantine/.",
        ),
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Read no picture, thumbnail or weights; check that they exist.")
    ] = False,
    as_json: AsJson = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Check galleries: the database, its rows, the pictures, the thumbnails and the index.

    A server may run beside it. Exit status 0: nothing found. 1: something found, also if it was repaired.
    """
    findings: list[Finding] = []
    for finding in check_home(home, galleries or [], Options(repair=repair, quick=quick)):
        findings.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _print_summary(findings)
    if findings:
        raise typer.Exit(1)


def _print(finding: Finding) -> None:
    suffix = " [repaired]" if finding.repaired else ""
    console = Console()
    console.print(
        _printable(f"{finding.place}: {finding.kind}: {finding.detail}{suffix}", console.encoding),
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _printable(text: str, encoding: str) -> str:
    """Return a text for the terminal. File names may have line breaks, and bytes that are no text."""
    escaped = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )
    return escaped.encode(encoding, "backslashreplace").decode(encoding)


def _print_summary(findings: list[Finding]) -> None:
    repaired = sum(finding.repaired for finding in findings)
    problems = "1 problem" if len(findings) == 1 else f"{len(findings)} problems"
    summary = f"{problems}, {repaired} repaired" if findings else "no problems"
    Console().print(summary, highlight=False)
