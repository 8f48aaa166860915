"""Check the structure of a gallery's SQLite file: its pages, tables and indexes."""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace

from service.galleries.checksums import RowDamaged
from service.galleries.database import GalleryDatabase
from service.galleries.fsck.digests import restore_from_index
from service.galleries.fsck.finding import Finding, Options, after_repair
from service.galleries.schema import (
    Connection,
    all_spaces,
    create_tables,
    embeddings_table,
)

MAX_MESSAGES = 20
"""Maximum number of messages from SQLite."""
_INDEX_ONLY = re.compile(r"row \d+ missing from index|wrong # of entries in index|non-unique entry in index")
"""Messages about an index whose table is intact. SQLite can build such an index again."""

Layout = dict[str, tuple[object, ...]]
"""The columns of each table and of each of its indexes."""


def check_structure(database: GalleryDatabase, options: Options) -> Iterator[Finding]:
    """Yield the findings about SQLite's own structures."""
    messages = _integrity(database, options)
    findings = [_damage(database, f"{message}; restore the gallery from a backup") for message in messages]
    if messages and options.repair and all(map(_INDEX_ONLY.search, messages)):
        findings[0] = after_repair(findings[0], lambda: _build_indexes(database, options))
        if findings[0].repaired:
            findings = [replace(_damage(database, message), repaired=True) for message in messages]
    yield from findings
    with database.reading() as connection:
        differences = sorted(_differences(connection))
    for name in differences:
        yield Finding(
            place=database.name,
            kind="schema_differs",
            detail=f"{name} of gallery.sqlite is not as this version writes it; restore a backup",
        )


def _damage(database: GalleryDatabase, message: str) -> Finding:
    return Finding(
        place=database.name,
        kind="database_damaged",
        detail=f"SQLite finds damage in gallery.sqlite: {message}",
    )


def _build_indexes(database: GalleryDatabase, options: Options) -> bool:
    """Let SQLite build its indexes again. False if there is still damage.

    Raises:
        RowDamaged: the indexes stay, because one may have the only copy of a SHA-256.
    """
    if unproven := restore_from_index(database):
        photos = ", ".join(map(str, unproven[:MAX_MESSAGES]))
        raise RowDamaged(
            f"SQLite's index may have the only copy of the SHA-256 of damaged photos ({photos});"
            " add their files again or remove these photos, then repair again"
        )
    with database.transaction() as connection:
        connection.execute("REINDEX")
    return not _integrity(database, options)


def _integrity(database: GalleryDatabase, options: Options) -> list[str]:
    """Return SQLite's messages about the file, none if it is intact."""
    check = "quick_check" if options.quick else "integrity_check"
    try:
        with database.reading() as connection:
            rows = connection.execute(f"PRAGMA {check}({MAX_MESSAGES})").fetchall()
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [line for (text,) in rows for line in str(text).splitlines() if line != "ok"]


def _differences(connection: Connection) -> Iterator[str]:
    """Yield the names of tables that are missing, unexpected or different, and of views and triggers."""
    query = "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view')"
    for kind, name in connection.execute(query).fetchall():  # this service makes none
        yield f"the {kind} {name}"
    present, expected = _layout(connection), _expected(all_spaces(connection))
    for table in present.keys() | expected.keys():
        if present.get(table) != expected.get(table):
            yield f"the table {table}"


def _expected(spaces: list[int]) -> Layout:
    connection = sqlite3.connect(":memory:")
    try:
        create_tables(connection)
        layout = _layout(connection)
    finally:
        connection.close()
    template = layout.pop(embeddings_table(1))
    return layout | {embeddings_table(space): template for space in spaces}


def _layout(connection: Connection) -> Layout:
    """Return what queries rely on: names, types and keys of columns, and the columns of indexes."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    layout: Layout = {}
    for (name,) in names:
        columns = connection.execute(f"PRAGMA table_xinfo('{name}')").fetchall()
        indexes = connection.execute(f"PRAGMA index_list('{name}')").fetchall()
        layout[name] = (
            frozenset((column[1], column[2], column[3], column[5]) for column in columns),
            frozenset((_indexed(connection, index[1]), *index[2:]) for index in indexes),
        )
    return layout


def _indexed(connection: Connection, index: str) -> tuple[object, ...]:
    """Return the columns of an index by name. Their numbers differ in a table that was migrated."""
    columns = connection.execute(f"PRAGMA index_xinfo('{index}')").fetchall()
    return tuple((name, tuple(options)) for _, _, name, *options in columns)
