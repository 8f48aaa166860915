"""Check the counter from which new photos get their ids, and the records of removed photos.

The counter has no checksum. It must not be below an id that was used, because a removed photo's id is never
given again. It is compared only with ids of intact rows: one damaged id could use up all ids.
"""

from collections.abc import Iterator
from functools import partial

from service.galleries.checksums import PHOTO, REMOVAL, is_intact, selected
from service.galleries.database import GalleryDatabase
from service.galleries.fsck.finding import Finding, Options, after_repair
from service.galleries.schema import MAX_ID, Connection


def check_removals(database: GalleryDatabase, options: Options) -> Iterator[Finding]:
    """Yield a finding for each damaged record of a removed photo. A repair deletes the record."""
    with database.reading() as connection:
        damaged = sorted(_damaged_removals(database, connection))
    for photo_id in damaged:
        finding = Finding(
            place=database.name,
            kind="removal_damaged",
            detail=f"the record that photo {photo_id} was removed is damaged",
        )
        yield after_repair(finding, partial(_forget, database, photo_id)) if options.repair else finding


def check_sequence(database: GalleryDatabase, options: Options) -> Iterator[Finding]:
    """Yield a finding if the counter of photo ids is wrong. A repair sets it to the highest id."""
    with database.reading() as connection:
        problem = _problem(connection)
    if problem is not None:
        finding = Finding(
            place=database.name, kind="ids_reused", detail=f"the counter of photo ids {problem}"
        )
        yield after_repair(finding, lambda: _set_sequence(database)) if options.repair else finding


def _damaged_removals(
    database: GalleryDatabase, connection: Connection, where: str = "TRUE"
) -> Iterator[int]:
    """Yield the ids of records without their checksum, and of records of photos that exist."""
    query = f"SELECT removals.id, {selected(REMOVAL, 'removals')} FROM removals WHERE {where}"
    rows = connection.execute(query).fetchall()
    photos = f"removals JOIN photos USING (id) WHERE {where}"
    query = f"SELECT removals.id, {selected(PHOTO, 'photos')} FROM {photos}"
    present = {int(photo_id) for photo_id, *row in connection.execute(query) if is_intact(row)}
    for photo_id, *row in rows:
        if not is_intact(row, unsealed=database.unsealed) or photo_id in present:
            yield int(photo_id)


def _forget(database: GalleryDatabase, photo_id: int) -> bool:
    """Delete the record of a removed photo. False if it is not damaged any more."""
    with database.transaction() as connection:
        if not list(_damaged_removals(database, connection, f"removals.id = {photo_id}")):
            return False
        connection.execute("DELETE FROM removals WHERE id = ?", (photo_id,))
    return True


def _problem(connection: Connection) -> str | None:
    """Return what is wrong with the counter, or None."""
    rows = connection.execute(
        "SELECT typeof(seq), CAST(seq AS BLOB) FROM sqlite_sequence WHERE name = 'photos'"
    ).fetchall()
    if not rows:
        value = 0
    elif len(rows) > 1 or rows[0][0] != "integer":
        return "is damaged"
    else:
        value = int(rows[0][1])
    if not 0 <= value <= MAX_ID:
        return "is damaged, so new photos could get impossible ids"
    if value < _highest_id(connection):
        return "is too low, so a new photo could get the id of a removed one"
    return None


def _highest_id(connection: Connection) -> int:
    """Return the highest possible id of all intact rows, 0 without such a row."""
    highest = 0
    for table, columns in (("photos", PHOTO), ("removals", REMOVAL)):
        query = f"SELECT id, {selected(columns, table)} FROM {table} WHERE id <= ? ORDER BY id DESC"
        intact = (int(photo_id) for photo_id, *row in connection.execute(query, (MAX_ID,)) if is_intact(row))
        highest = max(highest, next(intact, 0))
    return highest


def _set_sequence(database: GalleryDatabase) -> bool:
    """Set the counter of photo ids to the highest id that was used."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM sqlite_sequence WHERE name = 'photos'")
        connection.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES ('photos', ?)", (_highest_id(connection),)
        )
    return True
