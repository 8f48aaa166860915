"""Check the rows of the folders that a gallery follows, and of their files."""

from collections.abc import Iterator
from functools import partial

from service.galleries.checksums import FILE, FOLDER, UNREADABLE, is_intact, selected
from service.galleries.database import GalleryDatabase
from service.galleries.fsck.finding import Finding, Options, after_repair
from service.galleries.schema import Connection

TABLES = {"folders": FOLDER, "files": FILE, "unreadable": UNREADABLE}


def check_followed(database: GalleryDatabase, options: Options) -> Iterator[Finding]:
    """Yield a finding for each damaged row. A repair deletes it; a sync then reads the files again."""
    with database.reading() as connection:
        damaged = [(table, row_id) for table in TABLES for row_id in _damaged(connection, table)]
    for table, row_id in damaged:
        remedy = "run `iiae index` with the folder again" if table == "folders" else "sync the gallery"
        finding = Finding(
            place=database.name,
            kind="followed_damaged",
            detail=f"row {row_id} of its table {table} is damaged; --repair deletes it, then {remedy}",
        )
        yield after_repair(finding, partial(_delete, database, table, row_id)) if options.repair else finding


def _damaged(connection: Connection, table: str, where: str = "TRUE") -> list[int]:
    query = f"SELECT id, {selected(TABLES[table], table)} FROM {table} NOT INDEXED WHERE {where}"
    return [int(row_id) for row_id, *row in connection.execute(query) if not is_intact(row)]


def _delete(database: GalleryDatabase, table: str, row_id: int) -> bool:
    """Delete a damaged row. False if it is not damaged any more."""
    with database.transaction() as connection:
        if not _damaged(connection, table, f"id = {row_id}"):
            return False
        connection.execute(f"DELETE FROM {table} WHERE id = ?", (row_id,))
    return True
