"""What an error of SQLite means. Damage is only what SQLite calls damage."""

import sqlite3

import pytest

from service.errors import GalleryBusy, GalleryDamaged, StorageFull, StorageUnavailable
from service.galleries.sqlite_errors import sqlite_error


def error_of(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("a message")
    error.sqlite_errorcode, error.sqlite_errorname = code, "SQLITE_SOMETHING"
    return error


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_BUSY, GalleryBusy),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, GalleryBusy),
        (sqlite3.SQLITE_LOCKED, GalleryBusy),
        (sqlite3.SQLITE_FULL, StorageFull),
        (sqlite3.SQLITE_IOERR_SHMSIZE, StorageFull),
        (sqlite3.SQLITE_READONLY, StorageUnavailable),
        (sqlite3.SQLITE_READONLY_DIRECTORY, StorageUnavailable),
        (sqlite3.SQLITE_CANTOPEN, StorageUnavailable),
        (sqlite3.SQLITE_IOERR_FSYNC, StorageUnavailable),
        (sqlite3.SQLITE_IOERR_READ, StorageUnavailable),
        (sqlite3.SQLITE_CORRUPT, GalleryDamaged),
        (sqlite3.SQLITE_NOTADB, GalleryDamaged),
        (sqlite3.SQLITE_IOERR_SHORT_READ, GalleryDamaged),
        (sqlite3.SQLITE_ERROR, type(None)),
    ],
)
def test_every_code_has_its_meaning(code, expected):
    error = sqlite_error(error_of(code), "g")
    assert type(error) is expected
    if error is not None:
        assert "'g'" in error.detail and "delete" not in error.detail


def test_the_message_of_damage_names_all_files_that_a_restore_must_move_away():
    error = sqlite_error(error_of(sqlite3.SQLITE_CORRUPT), "g")
    assert error is not None
    for name in ("stop the service", "gallery.sqlite-wal", "gallery.sqlite-shm", "index/"):
        assert name in error.detail


def test_other_errors_are_not_those_of_the_disk():
    assert sqlite_error(sqlite3.ProgrammingError("closed"), "g") is None
    assert sqlite_error(ValueError("x"), "g") is None
