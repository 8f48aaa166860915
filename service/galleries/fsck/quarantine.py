"""The folder of a gallery for files that it does not know. A repair moves them there, and deletes none."""

import errno
import os
from itertools import chain, count
from pathlib import Path

QUARANTINE = "quarantine"


def quarantine(gallery: Path, path: Path) -> None:
    """Move a file or folder of a gallery to its quarantine.

    Raises:
        OSError: for example, the quarantine is no folder, or is a link to another place.
    """
    folder = gallery / QUARANTINE
    if folder.is_symlink():
        raise OSError(errno.ENOTDIR, f"{QUARANTINE}/ is a link", str(folder))
    folder.mkdir(exist_ok=True)
    path.rename(_free_path(folder, path.name))


def _free_path(folder: Path, name: str) -> Path:
    """Return the path of a name in a folder. If it is taken, the name gets a number: `name.1`, `name.2`."""
    names = chain([name], (f"{name}.{number}" for number in count(1)))
    return next(folder / free for free in names if not os.path.lexists(folder / free))
