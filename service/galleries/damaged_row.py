"""Change rows of photos that are damaged, with the help of SQLite's index of their SHA-256.

The index has a copy of each row's SHA-256. If the one in the row is damaged, SQLite refuses to change or
delete the row, because the index does not have the damaged value.
"""

from collections.abc import Container, Iterator
from contextlib import contextmanager

from service.galleries.checksums import PHOTO, RawRow, is_intact, selected
from service.galleries.schema import Connection

SHA256 = PHOTO.index("sha256")
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


def with_digest(row: RawRow, sha256: bytes) -> RawRow:
    """Return a row of a photo with another SHA-256."""
    return [*row[:SHA256], sha256, *row[SHA256 + 1 :]]


def restore_digest(connection: Connection, photo_id: int, sha256: bytes) -> bool:
    """Give a damaged row a SHA-256 if its checksum proves that this is the right one.

    Returns:
        False if it is not the right one, or there is no such row. Then nothing is changed.
    """
    query = f"SELECT {selected(PHOTO, 'photos')} FROM photos NOT INDEXED WHERE id = ?"
    row = connection.execute(query, (photo_id,)).fetchone()
    if row is None or not is_intact(with_digest(row, sha256)):
        return False
    with _lenient(connection):
        connection.execute(_SET_SHA256, (sha256, photo_id))
    return True


@contextmanager
def _lenient(connection: Connection) -> Iterator[None]:
    """Open a block in which SQLite changes a row that an index does not have."""
    connection.execute("PRAGMA writable_schema = ON")
    try:
        yield
    finally:
        connection.execute("PRAGMA writable_schema = OFF")
