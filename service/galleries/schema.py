"""The tables of a gallery's SQLite file, and queries that several modules need.

Embeddings are not in the table of photos. Each checkpoint's embeddings have a table of their own, called a
space. One row of `meta` says which space is the gallery's. So a gallery changes its checkpoint in one short
transaction, however many photos it has.
"""

import sqlite3
from pathlib import Path

from service.galleries.records import GallerySpec

Connection = sqlite3.Connection

SCHEMA = 2
"""Version of the tables. Version 1 had the embeddings in the table of photos; opening a file migrates it."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE photos (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL UNIQUE,
    label TEXT,
    metadata TEXT NOT NULL,
    content_type TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    source TEXT,
    revision INTEGER NOT NULL
);
CREATE INDEX photos_by_revision ON photos (revision);
CREATE TABLE removals (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL);
"""
_REINDEX = """
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


def write_schema(path: Path, spec: GallerySpec) -> None:
    """Create the file of an empty gallery."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(_TABLES)
        connection.execute(_REINDEX)
        create_space(connection, 1)
        meta = {key: str(value) for key, value in vars(spec).items() if value is not None}
        meta |= {"revision": "0", "space": "1"}
        connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        connection.execute(f"PRAGMA user_version={SCHEMA}")
        connection.commit()
    finally:
        connection.close()


def migrate(connection: Connection) -> None:
    """Migrate a file of schema 1 to schema 2. Does nothing if the file has schema 2."""
    if fetch_one(connection, "PRAGMA user_version") != 1:
        return
    connection.execute("BEGIN IMMEDIATE")
    if fetch_one(connection, "PRAGMA user_version") == 1:  # another process may have migrated it since
        connection.execute(_REINDEX)
        create_space(connection, 1)
        connection.execute("INSERT INTO embeddings_1 SELECT id, embedding, NULL FROM photos")
        connection.execute("ALTER TABLE photos DROP COLUMN embedding")
        connection.execute("INSERT INTO meta VALUES ('space', '1')")
        connection.execute(f"PRAGMA user_version={SCHEMA}")
    connection.execute("COMMIT")


def embeddings_table(space: int) -> str:
    """Return the name of a space's table.

    A row has a photo's embedding. If the picture could not be embedded, `fault` is the reason and the
    embedding is the thumbnail's. It is NULL if the thumbnail is lost, too.
    """
    return f"embeddings_{space}"


def create_space(connection: Connection, space: int) -> None:
    """Create the empty table of a space."""
    table = embeddings_table(space)
    connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, embedding BLOB, fault TEXT)")
    connection.execute(f"CREATE INDEX {table}_faults ON {table} (id) WHERE fault IS NOT NULL")


def current_space(connection: Connection) -> int:
    """Return the space of the gallery's embeddings."""
    return int(fetch_one(connection, "SELECT value FROM meta WHERE key = 'space'"))


def all_spaces(connection: Connection) -> list[int]:
    """Return all spaces that have a table."""
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'embeddings_[0-9]*'"
    )
    return [int(name.removeprefix("embeddings_")) for (name,) in tables]


def spaces_in_use(connection: Connection) -> list[int]:
    """Return the gallery's space and the space that a reindex fills, if there is one."""
    rows = connection.execute(
        "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'space'"
        " UNION SELECT space FROM reindex WHERE state IN ('running', 'failed')"
    )
    return [int(row[0]) for row in rows]


def current_revision(connection: Connection) -> int:
    """Return the number of changes to the gallery's photos and embeddings."""
    return int(fetch_one(connection, "SELECT value FROM meta WHERE key = 'revision'"))


def next_revision(connection: Connection) -> int:
    """Increase the revision by one and return it. Indexes use it to find what they have not seen yet."""
    query = "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'revision' RETURNING value"
    return int(fetch_one(connection, query))


def fetch_one(connection: Connection, query: str, *values: int | str) -> str | int:
    """Return the value of a query with one row and one column."""
    value: str | int = connection.execute(query, values).fetchone()[0]
    return value
