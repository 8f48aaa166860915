"""What the folder of a gallery holds. A gallery whose database is lost is still a gallery, a damaged one."""

import os
from pathlib import Path

from service.errors import GalleryDamaged
from service.galleries.database import DATABASE
from service.galleries.gallery import INDEX
from service.galleries.sqlite_errors import RESTORE

FILES = ("photos", "thumbnails", INDEX)
"""Folders that a gallery makes beside its database."""


def is_gallery(folder: Path) -> bool:
    """Return whether a folder holds a gallery, perhaps a damaged one."""
    return _present(folder / DATABASE) or has_files(folder)


def has_files(folder: Path) -> bool:
    """Return whether a folder holds pictures, thumbnails or an index of a gallery."""
    return any(_present(folder / name) for name in FILES)


def has_lost_database(folder: Path) -> bool:
    """Return whether a gallery's database is lost or is a broken link. False if the gallery was deleted."""
    try:
        inode = folder.stat().st_ino
        lost = not (folder / DATABASE).exists() and is_gallery(folder)
        return lost and folder.stat().st_ino == inode  # another folder: it was deleted and created again
    except OSError:
        return False


def database_lost(gallery: str) -> GalleryDamaged:
    """Return the error for a gallery whose database is lost."""
    return GalleryDamaged(
        f"gallery {gallery!r} has lost its {DATABASE}; stop the service and {RESTORE}, or delete the gallery"
        f" with its pictures (`iiae galleries delete {gallery}`)"
    )


def _present(path: Path) -> bool:
    """Return whether there is something under this path, perhaps a broken link.

    True if the disk does not tell: opening the gallery gives the error.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
