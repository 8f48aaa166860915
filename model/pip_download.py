"""Downloads published files from PyPI with pip."""

import subprocess
import sys
from pathlib import Path

from model.errors import UserError


class DownloadFailed(UserError):
    """pip could not download a package; the text says why."""


def pip_download(requirement: str, folder: Path) -> None:
    """Download a package's file into a folder, without the packages that it needs.

    Args:
        requirement: the package, and perhaps its version.
        folder: made if it does not exist.

    Raises:
        DownloadFailed: pip could not download it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--quiet", "--no-deps", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last_line = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise DownloadFailed(f"pip could not download {requirement}: {last_line}")
