"""Find hidden folders that killed processes left in the folders of galleries and checkpoints."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from model.checkpoint import MANIFEST, NAME, WEIGHTS
from service.galleries.fsck.finding import Finding, Options, after_repair, is_old
from service.galleries.locked_folder import is_locked
from service.galleries.own_names import DATABASE_FILES, GALLERY, HIDDEN_GALLERY, delete_folder

FOLDER_AGE = 24 * 3600
"""Seconds after which a hidden folder is a leftover."""

_STORED = "|".join(map(re.escape, (MANIFEST, WEIGHTS)))

Leftovers = Mapping[re.Pattern[str], re.Pattern[str]]
"""Names of hidden folders that this program makes, and the paths of what it makes in them."""

GALLERIES: Leftovers = {
    HIDDEN_GALLERY: GALLERY,
    re.compile(r"\.backup-[a-z0-9_]{8}"): DATABASE_FILES,
}
"""Galleries are made in such a folder and renamed, or renamed before their files are deleted.
`docker/backup.py` keeps its snapshot in one, and locks it."""
CHECKPOINTS: Leftovers = {
    re.compile(rf"\.{NAME.pattern}-[0-9]{{8}}T[0-9]{{12}}Z-[0-9a-f]{{8}}-[0-9]+"): re.compile(
        rf"{_STORED}|\.(?:{_STORED})\.[0-9]+"
    )
}
"""Checkpoints are published from such a folder."""


def check_leftovers(folder: Path, leftovers: Leftovers, options: Options) -> Iterator[Finding]:
    """Yield a finding for each old hidden folder that this program made. A repair deletes it.

    Folders with other names, and folders with other files in them, stay.
    """
    for path in sorted(folder.glob(".*")):
        contents = next((paths for names, paths in leftovers.items() if names.fullmatch(path.name)), None)
        if (
            contents is None
            or path.is_symlink()
            or not path.is_dir()
            or not _all_old(path)
            or is_locked(path)
        ):
            continue
        finding = Finding(
            place=folder.name,
            kind="folder_left_over",
            detail=f"{path.name} is left over from a process that was killed;"
            " if it has files that this program did not make, --repair keeps it",
        )
        yield after_repair(finding, partial(delete_folder, path, contents)) if options.repair else finding


def _all_old(folder: Path) -> bool:
    """Return whether nothing in a folder was changed lately."""
    return all(is_old(path, FOLDER_AGE) for path in (folder, *folder.rglob("*")))
