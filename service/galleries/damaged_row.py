"""Change rows of photos that are damaged, with the help of SQLite's indexes.

They have a copy of each row's id, SHA-256 and revision. If the one in the row is damaged, SQLite refuses to
change or delete the row, because an index does not have the damaged value.
"""

from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from service.galleries.checksums import PHOTO, RawRow, is_intact, selected
from service.galleries.schema import Connection

Column = Literal["id", "sha256", "revision"]
"""A column that SQLite's indexes have, too."""
SHA256, REVISION = PHOTO.index("sha256"), PHOTO.index("revision")
_SET_SHA256 = "UPDATE photos SET sha256 = CAST(? AS TEXT) WHERE id = ?"
_BY_SHA256 = "photos INDEXED BY sqlite_autoindex_photos_1"


@contextmanager
def changing_damaged(connection: Connection, photo_id: int) -> Iterator[None]:
    """Open a block in which SQLite changes or deletes a damaged row, and keeps its indexes right.

    The row gets the SHA-256 that the index has of it. The block is part of a write transaction, which
    reads one index and builds another one again.
    """
    with _lenient(connection):
        if (sha256 := indexed_digests(connection, {photo_id}).get(photo_id)) is not None:
            connection.execute(_SET_SHA256, (sha256, photo_id))
        yield
    connection.execute("REINDEX photos_by_revision")  # it may have the revision from before the damage


def indexed_digests(connection: Connection, ids: Container[int]) -> dict[int, bytes]:
    """Return the SHA-256 that SQLite's index has of each row with one of these ids."""
    rows = connection.execute(f"SELECT id, CAST(sha256 AS BLOB) FROM {_BY_SHA256} ORDER BY sha256")
    return {int(photo_id): sha256 for photo_id, sha256 in rows if photo_id in ids}


def index_copies(connection: Connection, rows: Mapping[int, RawRow]) -> list[tuple[int, Column, bytes]]:
    """Return what SQLite's indexes have of damaged rows and the rows do not: row, column, value in the index.

    Args:
        rows: the damaged rows by id. An id may be damaged, too.
    """
    by_digest = {row[SHA256]: photo_id for photo_id, row in rows.items()}
    copies: list[tuple[int, Column, bytes]] = []
    for photo_id, sha256 in connection.execute(
        f"SELECT id, CAST(sha256 AS BLOB) FROM {_BY_SHA256} ORDER BY sha256"
    ):
        if photo_id in rows and sha256 != rows[photo_id][SHA256]:
            copies.append((photo_id, "sha256", sha256))
        if by_digest.get(sha256, photo_id) != photo_id:
            copies.append((by_digest[sha256], "id", b"%d" % photo_id))
    for photo_id, revision in connection.execute(
        "SELECT id, CAST(revision AS BLOB) FROM photos INDEXED BY photos_by_revision ORDER BY revision"
    ):
        if photo_id in rows and revision != rows[photo_id][REVISION]:
            copies.append((photo_id, "revision", revision))
    return copies


def with_value(row: RawRow, column: Column, value: bytes) -> RawRow:
    """Return a row of a photo with another value in a column."""
    at = PHOTO.index(column)
    return [*row[:at], value, *row[at + 1 :]]


def restore_value(connection: Connection, photo_id: int, column: Column, value: bytes) -> bool:
    """Give a damaged row another value in a column if its checksum proves that this is the right one.

    Returns:
        False if it is not the right one, or there is no such row. Then nothing is changed.
    """
    query = f"SELECT {selected(PHOTO, 'photos')} FROM photos NOT INDEXED WHERE id = ?"
    row = connection.execute(query, (photo_id,)).fetchone()
    if row is None or not is_intact(with_value(row, column, value)):
        return False
    kind = "TEXT" if column == "sha256" else "INTEGER"
    with _lenient(connection):
        connection.execute(f"UPDATE photos SET {column} = CAST(? AS {kind}) WHERE id = ?", (value, photo_id))
    return True


@contextmanager
def _lenient(connection: Connection) -> Iterator[None]:
    """Open a block in which SQLite changes a row that an index does not have."""
    connection.execute("PRAGMA writable_schema = ON")
    try:
        yield
    finally:
        connection.execute("PRAGMA writable_schema = OFF")
