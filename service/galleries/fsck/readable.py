"""Notice files and folders that this process may not read. A search of folders leaves them out silently."""

import os
from collections.abc import Iterator
from errno import EACCES
from pathlib import Path

from service.galleries.fsck.finding import Finding, not_checked


def unreadable_folders(folder: Path, place: str) -> Iterator[Finding]:
    """Yield a finding for a folder, and each folder directly in it, that exists and cannot be read."""
    beside = sorted(path for path in folder.glob("*") if path.is_dir())
    for path in (folder, *beside):
        try:
            os.scandir(path).close()
        except OSError as error:
            if os.path.lexists(path):
                yield not_checked(place, f"{path.relative_to(folder.parent)}", error)


def require_readable_files(folder: Path) -> None:
    """Raise PermissionError if a file in a folder may not be read."""
    for path in folder.glob("*"):
        if path.is_file() and not os.access(path, os.R_OK):
            raise PermissionError(EACCES, f"{path.name} may not be read", str(path))
