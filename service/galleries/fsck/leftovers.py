"""Find hidden folders that killed processes left in the folders of galleries and checkpoints."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from service.galleries.fsck.finding import Finding, Options, is_old

FOLDER_AGE = 24 * 3600
"""Seconds after which a hidden folder is a leftover. A backup of a large gallery can run for hours."""


def check_leftovers(folder: Path, options: Options) -> Iterator[Finding]:
    """Yield a finding for each old hidden folder. A repair deletes it.

    Galleries and checkpoints are made in such a folder and then renamed. A gallery is renamed to one before
    its files are deleted.
    """
    for path in sorted(folder.glob(".*")):
        if not path.is_dir() or path.is_symlink() or not _all_old(path):
            continue
        if options.repair:
            shutil.rmtree(path, ignore_errors=True)
        yield Finding(
            place=folder.name,
            kind="folder_left_over",
            detail=f"{path.name} is left over from a process that was killed",
            repaired=options.repair and not path.exists(),
        )


def _all_old(folder: Path) -> bool:
    """Return whether nothing in a folder was changed lately."""
    return all(is_old(path, FOLDER_AGE) for path in (folder, *folder.rglob("*")))
