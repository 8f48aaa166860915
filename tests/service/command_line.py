"""Runs the program `iiae` in this process."""

import os
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from service.cli.commands import main


class Terminal(StringIO):
    """A terminal where a person types this answer."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Finished:
    """A command's exit status and what it printed."""

    status: int
    stdout: str
    stderr: str


def iiae(*words: str | Path, home: Path) -> Finished:
    """Run a command on the checkpoints and galleries of `home`, as in a terminal of 200 columns."""
    environment = {"IIAE_HOME": str(home), "COLUMNS": "200", "NO_COLOR": "1"}
    stdout, stderr = StringIO(), StringIO()
    status = 0
    with (
        patch.dict(os.environ, environment),
        patch("sys.argv", ["iiae", *map(str, words)]),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
    ):
        try:
            main()
        except SystemExit as exit_:
            status = int(exit_.code or 0)
    return Finished(status, stdout.getvalue(), stderr.getvalue())
