"""The checksum that each row of a gallery carries, and the columns that it covers.

SQLite does not notice when a disk changes a byte of its pages. Its extension `cksumvfs` has a checksum for
each page, but an extension must be compiled and loaded, and Python's `sqlite3` is often built without
`enable_load_extension`. So each row has a checksum of its own, and every read of a row compares it. Damage to
SQLite's own structures, such as an index, is found by `iiae fsck`.

Rows are read as raw bytes (`CAST … AS BLOB`). A damaged text can be invalid UTF-8, and one such row would
fail the whole query.
"""

import sqlite3
from collections.abc import Sequence
from hashlib import blake2b

SIZE = 8
"""Bytes of a checksum. A damaged row is taken for an intact one in 1 of 2^64 cases."""
UNSEALED = b""
"""The checksum of a row that a migration has not sealed yet."""

PHOTO = (
    "id",
    "sha256",
    "label",
    "metadata",
    "content_type",
    "width",
    "height",
    "source",
    "thumbnail",
    "revision",
)
EMBEDDING = ("id", "fault", "embedding")
REMOVAL = ("id", "revision")
FOLDER = ("id", "path", "exclude")
UNREADABLE = ("folder", "path", "size", "mtime", "reader", "reason")
FILE = ("id", "folder", "path", "photo", "sha256", "label", "size", "mtime")
META = ("key", "value")
REINDEX = (
    "space",
    "model",
    "digest",
    "distance",
    "dim",
    "takes_over",
    "state",
    "error",
    "done",
    "total",
    "started",
    "ended",
)

RawRow = Sequence[bytes | None]
"""The covered columns as bytes, then the checksum."""

_NULL = b"\xff"  # never in a text: it is not UTF-8


class RowDamaged(sqlite3.DatabaseError):
    """A row that the whole gallery needs does not have its checksum, or rows are not in order."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    sqlite_errorname = "SQLITE_CORRUPT"


def checksum(*values: bytes | str | int | None) -> bytes:
    """Return the checksum of a row's values, in the order of its columns."""
    return blake2b(b"\0".join([_raw(value) for value in values]), digest_size=SIZE).digest()


def selected(columns: Sequence[str], table: str) -> str:
    """Return the expressions that select a `RawRow` of a table."""
    return ", ".join([*(f"CAST({table}.{column} AS BLOB)" for column in columns), f"{table}.checksum"])


def is_intact(row: RawRow, *, unsealed: bool = False) -> bool:
    """Return whether a row has its checksum.

    Args:
        unsealed: accept a row without a checksum.
    """
    if unsealed and row[-1] == UNSEALED:
        return True
    values = [_NULL if value is None else value for value in row[:-1]]
    return row[-1] == blake2b(b"\0".join(values), digest_size=SIZE).digest()


def last_id(rows: Sequence[Sequence[bytes | int | None]], after: int) -> int:
    """Return the id after which the next page of rows starts. Each loop over pages must call this.

    Args:
        rows: the rows of a page, ordered by id, which is their first column.
        after: the id after which this page started.

    Raises:
        RowDamaged: the ids do not increase, because a page of the file is damaged. The loop would not end.
    """
    for row in rows:
        if (row_id := int(row[0] or 0)) <= after:
            raise RowDamaged("the rows of a table are not in the order of their ids")
        after = row_id
    return after


def _raw(value: bytes | str | int | None) -> bytes:
    """Return a value as SQLite casts it to a blob."""
    if value is None:
        return _NULL
    if isinstance(value, bytes):
        return value
    return str(value).encode()
