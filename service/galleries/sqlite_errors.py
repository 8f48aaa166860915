"""What an error of SQLite means: a locked gallery, a full disk, a disk that cannot be used, or damage."""

import re
import sqlite3

from service.errors import GalleryBusy, GalleryDamaged, ServiceError, StorageFull, StorageUnavailable
from service.storage import CHECK_DISK, FREE_SPACE

LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
"""A full disk. SHMSIZE: SQLite cannot extend the `-shm` file that every reader needs."""
UNAVAILABLE = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY}
)
DAMAGED = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_CANTOPEN_ISDIR,
        sqlite3.SQLITE_IOERR_SHORT_READ,
    }
)
OTHER_SCHEMA = re.compile(r"no such (table|column)|has no column named|Could not decode to UTF-8")
"""Messages of SQLITE_ERROR, and of the module `sqlite3`, if the schema or a text of the file is damaged. This
program uses no other tables and columns than those that it creates."""
RESTORE = (
    "move gallery.sqlite, gallery.sqlite-wal, gallery.sqlite-shm and index/ out of its folder,"
    " and copy gallery.sqlite there from a backup"
)
"""How to restore a database. SQLite would apply an old log (`-wal`) to the copy, which damages it."""


def sqlite_error(error: BaseException, gallery: str) -> ServiceError | None:
    """Return the service error for an error of SQLite, or None if it is a fault of the program."""
    if isinstance(error, sqlite3.OperationalError) and OTHER_SCHEMA.search(str(error)):
        return damaged(gallery, str(error))
    extended = error_code(error)
    if extended is None:
        return None
    codes = {extended, extended & 0xFF}  # the low byte is the primary code
    if codes & LOCKED:
        return locked(gallery)
    if codes & FULL:
        return StorageFull(f"gallery {gallery!r} cannot be changed: its disk is full; {FREE_SPACE}")
    if codes & DAMAGED:
        return damaged(gallery, str(error))
    if codes & UNAVAILABLE:
        return StorageUnavailable(
            f"gallery {gallery!r} cannot be used: {error} ({error_name(error)}); {CHECK_DISK}"
        )
    return None


def error_code(error: BaseException) -> int | None:
    """Return SQLite's extended error code, or None if the error is not SQLite's."""
    # Errors of the module `sqlite3` itself, such as a closed connection, have no code.
    return getattr(error, "sqlite_errorcode", None) if isinstance(error, sqlite3.Error) else None


def error_name(error: BaseException) -> str:
    """Return the name of SQLite's extended error code."""
    return str(getattr(error, "sqlite_errorname", type(error).__name__))


def locked(gallery: str) -> GalleryBusy:
    """Return the error for a lock that another process or thread does not release."""
    return GalleryBusy(
        f"gallery {gallery!r} is locked by another process; try again after the time in Retry-After"
    )


def damaged(gallery: str, reason: str) -> GalleryDamaged:
    """Return the error for a damaged database file."""
    return GalleryDamaged(
        f"gallery {gallery!r} cannot be read ({reason}); run `iiae fsck {gallery} --repair`;"
        f" if damage is left, stop the service, {RESTORE}"
    )
