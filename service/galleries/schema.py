"""The tables of a gallery's SQLite file, and queries that several modules need.

Embeddings are not in the table of photos. Each checkpoint's embeddings have a table of their own, called a
space. One row of `meta` says which space is the gallery's. So a gallery changes its checkpoint in one short
transaction, however many photos it has.

Each row has a checksum (`service.galleries.checksums`). Functions that read or change `meta` or `reindex`
raise RowDamaged if it differs.
"""

import sqlite3
from pathlib import Path

from service.galleries.checksums import (
    EMBEDDING,
    META,
    PHOTO,
    REINDEX,
    REMOVAL,
    RowDamaged,
    checksum,
    is_intact,
    selected,
)
from service.galleries.records import GallerySpec

Connection = sqlite3.Connection

SCHEMA = 5
"""Version of the tables. `service.galleries.migrations` brings files of earlier versions to this one."""

MAX_ID = 2**48
"""Largest id of a photo. A larger one can only come from damage."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL, checksum BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE photos (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL UNIQUE,
    label TEXT,
    metadata TEXT NOT NULL,
    content_type TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    source TEXT,
    thumbnail BLOB,
    revision INTEGER NOT NULL,
    checksum BLOB NOT NULL
);
CREATE INDEX photos_by_revision ON photos (revision);
CREATE TABLE removals (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, checksum BLOB NOT NULL);
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
    ended TEXT,
    checksum BLOB NOT NULL
);
"""
FOLLOWED_TABLES = """
CREATE TABLE folders (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    exclude TEXT NOT NULL,
    checksum BLOB NOT NULL
);
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    folder INTEGER NOT NULL,
    path TEXT NOT NULL,
    photo INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    label TEXT,
    size INTEGER NOT NULL,
    mtime INTEGER NOT NULL,
    checksum BLOB NOT NULL,
    UNIQUE (folder, path)
);
CREATE INDEX files_by_photo ON files (photo);
"""
"""Tables of the folders that the gallery follows, see `service.galleries.sync.file_rows`."""
UNREADABLE_TABLE = """
CREATE TABLE unreadable (
    id INTEGER PRIMARY KEY,
    folder INTEGER NOT NULL,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime INTEGER NOT NULL,
    reader TEXT NOT NULL,
    reason TEXT NOT NULL,
    checksum BLOB NOT NULL,
    UNIQUE (folder, path)
);
"""
"""Their files that cannot be read, see `service.galleries.sync.unreadable_rows`."""


def write_schema(path: Path, spec: GallerySpec) -> None:
    """Create the file of an empty gallery."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        create_tables(connection)
        meta = {key: str(value) for key, value in vars(spec).items() if value is not None}
        for key, value in (meta | {"revision": "0", "space": "1"}).items():
            set_meta(connection, key, value)
        connection.execute(f"PRAGMA user_version={SCHEMA}")
        connection.commit()
    finally:
        connection.close()


def create_tables(connection: Connection) -> None:
    """Create all tables of an empty gallery, with one space."""
    connection.executescript(_TABLES + FOLLOWED_TABLES + UNREADABLE_TABLE)
    create_space(connection, 1)


def embeddings_table(space: int) -> str:
    """Return the name of a space's table.

    A row has a photo's embedding. If the picture could not be embedded, `fault` is the reason and the
    embedding is the thumbnail's. It is NULL if the thumbnail is lost, too.
    """
    return f"embeddings_{space}"


def create_space(connection: Connection, space: int) -> None:
    """Create the empty table of a space."""
    table = embeddings_table(space)
    connection.execute(
        f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, embedding BLOB, fault TEXT, checksum BLOB NOT NULL)"
    )
    connection.execute(f"CREATE INDEX {table}_faults ON {table} (id) WHERE fault IS NOT NULL")


def read_meta(connection: Connection) -> dict[str, str]:
    """Return all rows of `meta`."""
    rows = connection.execute(f"SELECT {selected(META, 'meta')} FROM meta").fetchall()
    if not all(map(is_intact, rows)) or len({key for key, _, _ in rows}) != len(rows):
        raise RowDamaged("a row of its table meta is damaged")
    return {str(key, "utf-8"): str(value, "utf-8") for key, value, _ in rows}


def meta_value(connection: Connection, key: str) -> str:
    """Return a value of `meta`."""
    row = connection.execute(f"SELECT {selected(META, 'meta')} FROM meta WHERE key = ?", (key,)).fetchone()
    if row is None or row[0] != key.encode() or not is_intact(row):
        raise RowDamaged(f"the row {key!r} of its table meta is damaged")
    return str(row[1], "utf-8")


def set_meta(connection: Connection, key: str, value: str) -> None:
    """Write a row of `meta`."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", (key, value, checksum(key, value)))


def current_space(connection: Connection) -> int:
    """Return the space of the gallery's embeddings."""
    return int(meta_value(connection, "space"))


def check_columns(connection: Connection) -> None:
    """Raise sqlite3.OperationalError if a table or a column is missing: the file's schema is damaged."""
    tables = {"photos": PHOTO, "removals": REMOVAL, embeddings_table(current_space(connection)): EMBEDDING}
    for table, columns in tables.items():
        connection.execute(f"SELECT {selected(columns, table)} FROM {table} LIMIT 0")


def all_spaces(connection: Connection) -> list[int]:
    """Return all spaces that have a table."""
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'embeddings_[0-9]*'"
    )
    spaces = [str(name).removeprefix("embeddings_") for (name,) in tables]
    return [int(space) for space in spaces if space.isdecimal()]


def spaces_in_use(connection: Connection) -> list[int]:
    """Return the gallery's space and the space that a reindex fills, if there is one.

    All spaces count as used if the row of the reindex is damaged.
    """
    spaces = {current_space(connection)}
    try:
        check_reindex(connection)
    except RowDamaged:
        return all_spaces(connection)
    rows = connection.execute("SELECT space FROM reindex WHERE state IN ('running', 'failed')")
    return sorted(spaces | {int(row[0]) for row in rows})


def check_reindex(connection: Connection) -> None:
    """Raise RowDamaged if the row of the reindex is damaged."""
    for row in connection.execute(f"SELECT {selected(REINDEX, 'reindex')} FROM reindex"):
        if not is_intact(row):
            raise RowDamaged("the row of its reindex is damaged")


def update_reindex(
    connection: Connection, assignments: str, *values: int | str | None, where: str = "TRUE"
) -> int:
    """Change the row of the reindex. Return the number of changed rows, 0 or 1."""
    check_reindex(connection)
    changed = connection.execute(f"UPDATE reindex SET {assignments} WHERE {where}", values).rowcount
    if changed:
        seal_reindex(connection)
    return changed


def seal_reindex(connection: Connection) -> None:
    """Write the checksum of the reindex's row."""
    for row in connection.execute(f"SELECT {selected(REINDEX, 'reindex')} FROM reindex").fetchall():
        connection.execute("UPDATE reindex SET checksum = ?", (checksum(*row[:-1]),))


def current_revision(connection: Connection) -> int:
    """Return the number of changes to the gallery's photos and embeddings."""
    return int(meta_value(connection, "revision"))


def next_revision(connection: Connection) -> int:
    """Increase the revision by one and return it. Indexes use it to find what they have not seen yet."""
    revision = current_revision(connection) + 1
    set_meta(connection, "revision", str(revision))
    return revision


def fetch_one(connection: Connection, query: str, *values: int | str) -> str | int:
    """Return the value of a query with one row and one column."""
    value: str | int = connection.execute(query, values).fetchone()[0]
    return value
