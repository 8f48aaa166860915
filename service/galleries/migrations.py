"""Bring a gallery's file of an earlier schema to the present one.

1   had the embeddings in the table of photos
2   had no checksums of rows and thumbnails
3   had no tables of folders that the gallery follows
4   had no table of unreadable files, and its photos may have width and height swapped
5   is `service.galleries.schema`

A migration only changes tables, which takes milliseconds. The rows of schema 2 get their checksums later, in
steps (`seal`). Until then they count as intact, and `meta` has the key `unsealed`. Their thumbnails get none.
Sizes are corrected by the next sync or reindex (`service.galleries.sizes`); `meta` has a key until then.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from threading import Event
from typing import Protocol

from service.galleries.checksums import EMBEDDING, PHOTO, REMOVAL, UNSEALED, checksum, last_id, selected
from service.galleries.schema import (
    FOLLOWED_TABLES,
    SCHEMA,
    UNREADABLE_TABLE,
    Connection,
    all_spaces,
    embeddings_table,
    fetch_one,
    read_meta,
    seal_reindex,
    set_meta,
)

UNSEALED_KEY = "unsealed"
"""Key of `meta` while rows are without a checksum."""
SIZES_KEY = "sizes_unchecked"
"""Key of `meta` while photos may have width and height swapped."""
STEP = 1_000
"""Rows that one transaction seals. Others can write between two transactions."""

_REINDEX_2 = """
CREATE TABLE reindex (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    space INTEGER NOT NULL,
    model TEXT NOT NULL,
    digest TEXT NOT NULL,
    distance TEXT NOT NULL,
    dim INTEGER NOT NULL,
    takes_over INTEGER NOT NULL,
    state TEXT NOT NULL,
    error TEXT,
    done INTEGER NOT NULL,
    total INTEGER NOT NULL,
    started TEXT NOT NULL,
    ended TEXT
)"""


class Writable(Protocol):
    """A database that `seal` writes to."""

    def transaction(self) -> AbstractContextManager[Connection]:
        """Open a write transaction."""


def migrate(connection: Connection) -> None:
    """Bring the tables to the present schema in one transaction. Does nothing if they have it."""
    if not 0 < int(fetch_one(connection, "PRAGMA user_version")) < SCHEMA:
        return
    connection.execute("BEGIN IMMEDIATE")
    version = fetch_one(connection, "PRAGMA user_version")  # another process may have migrated it since
    if version == 1:
        _to_2(connection)
    if version in (1, 2):
        _to_3(connection)
    if version in (1, 2, 3):
        _to_4(connection)
    if version in (1, 2, 3, 4):
        _to_5(connection)
    connection.execute("COMMIT")


def _to_2(connection: Connection) -> None:
    connection.execute(_REINDEX_2)
    connection.execute("CREATE TABLE embeddings_1 (id INTEGER PRIMARY KEY, embedding BLOB, fault TEXT)")
    connection.execute("CREATE INDEX embeddings_1_faults ON embeddings_1 (id) WHERE fault IS NOT NULL")
    connection.execute("INSERT INTO embeddings_1 SELECT id, embedding, NULL FROM photos")
    connection.execute("ALTER TABLE photos DROP COLUMN embedding")
    connection.execute("INSERT INTO meta VALUES ('space', '1')")


def _to_3(connection: Connection) -> None:
    for table in ("meta", "reindex", *_row_tables(connection)):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN checksum BLOB NOT NULL DEFAULT x''")
    connection.execute("ALTER TABLE photos ADD COLUMN thumbnail BLOB")
    for key, value in connection.execute("SELECT key, value FROM meta").fetchall():
        set_meta(connection, key, value)
    seal_reindex(connection)
    set_meta(connection, UNSEALED_KEY, "1")


def _to_4(connection: Connection) -> None:
    for statement in filter(str.strip, FOLLOWED_TABLES.split(";")):  # `executescript` would commit
        connection.execute(statement)


def _to_5(connection: Connection) -> None:
    connection.execute(UNREADABLE_TABLE)
    set_meta(connection, SIZES_KEY, "1")
    connection.execute(f"PRAGMA user_version={SCHEMA}")


def seal(database: Writable, stop: Event) -> bool:
    """Write the checksums that a migration left out, `STEP` rows in one transaction.

    Returns:
        Whether all rows have one now. False if `stop` was set.
    """
    with database.transaction() as connection:
        tables = list(_row_tables(connection))
    for table in tables:
        after: int | None = 0
        while after is not None:
            if stop.is_set():
                return False
            started = time.monotonic()
            with database.transaction() as connection:
                after = _seal_step(connection, table, after)
            stop.wait(time.monotonic() - started)  # half of the time is for other writers
    with database.transaction() as connection:
        connection.execute("DELETE FROM meta WHERE key = ?", (UNSEALED_KEY,))
    return True


def is_unsealed(connection: Connection) -> bool:
    """Return whether rows may be without a checksum."""
    return UNSEALED_KEY in read_meta(connection)


def _row_tables(connection: Connection) -> Iterator[str]:
    yield from ("photos", "removals")
    yield from map(embeddings_table, all_spaces(connection))


def _seal_step(connection: Connection, table: str, after: int) -> int | None:
    """Seal the next rows. Return the last id, or None at the end of the table."""
    if table not in _row_tables(connection):
        return None  # a reindex has dropped the space since
    columns = {"photos": PHOTO, "removals": REMOVAL}.get(table, EMBEDDING)
    query = (
        f"SELECT {selected(columns, table)} FROM {table} WHERE id > ? AND checksum = ? ORDER BY id LIMIT ?"
    )
    rows = connection.execute(query, (after, UNSEALED, STEP)).fetchall()
    after = last_id(rows, after)
    connection.executemany(
        f"UPDATE {table} SET checksum = ? WHERE id = ?",
        [(checksum(*row[:-1]), int(row[0])) for row in rows],
    )
    return after if len(rows) == STEP else None
