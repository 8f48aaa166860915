"""Restore the SHA-256, the id or the revision of a photo's row, if only that is damaged.

SQLite's indexes have copies. The names of the photo's files are copies of the SHA-256. The checksum of the
row proves which copy is right.
"""

from collections.abc import Iterator
from pathlib import Path

from service.galleries.checksums import PHOTO, is_intact, selected
from service.galleries.damaged_row import index_copies, indexed_digests, restore_value, with_value
from service.galleries.database import GalleryDatabase
from service.galleries.own_names import PICTURE, THUMBNAIL
from service.galleries.schema import Connection


def restore_from_index(database: GalleryDatabase) -> list[int]:
    """Restore each id, SHA-256 and revision of a damaged row that SQLite's indexes prove.

    Returns:
        the ids of other damaged rows that have another id or SHA-256 in the index: perhaps the right one.
    """
    query = f"SELECT id, {selected(PHOTO, 'photos')} FROM photos NOT INDEXED"
    with database.transaction() as connection:
        rows = {int(photo_id): row for photo_id, *row in connection.execute(query) if not is_intact(row)}
        found = index_copies(connection, rows) if rows else []
        proven = [
            (photo_id, column, value)
            for photo_id, column, value in found
            if is_intact(with_value(rows[photo_id], column, value))
        ]
        unproven = {photo_id for photo_id, column, _ in found if column != "revision"}
        unproven -= {photo_id for photo_id, _, _ in proven}
        for photo_id, column, value in sorted(proven, key=lambda copy: copy[1] == "id"):
            if column == "id":  # the index must have the damaged id first
                if unproven:
                    break
                connection.execute("REINDEX photos")
            restore_value(connection, photo_id, column, value)
    return sorted(unproven)


def copies(database: GalleryDatabase, ids: set[int], taken: set[str]) -> set[bytes]:
    """Return the SHA-256 digests that damaged rows may have had, from SQLite's index and from file names.

    Args:
        ids: the ids of the rows.
        taken: digests of intact rows, which are left out.
    """
    with database.reading() as connection:
        indexed = set(indexed_digests(connection, ids).values())
    names = set(_names(database.folder)) - taken
    return indexed | {name.encode() for name in names}


def restore(database: GalleryDatabase, photo_id: int, candidates: set[bytes]) -> str | None:
    """Restore the SHA-256 of a damaged row. Return it, or None if no candidate is right."""
    with database.transaction() as connection:
        sha256 = _right_one(connection, photo_id, candidates)
        if sha256 is None or not restore_value(connection, photo_id, "sha256", sha256):
            return None
    database.damage.clear("photos", photo_id)
    return sha256.decode()


def _right_one(connection: Connection, photo_id: int, candidates: set[bytes]) -> bytes | None:
    query = f"SELECT {selected(PHOTO, 'photos')} FROM photos NOT INDEXED WHERE id = ?"
    row = connection.execute(query, (photo_id,)).fetchone()
    if row is None:
        return None
    return next((each for each in candidates if is_intact(with_value(row, "sha256", each))), None)


def _names(gallery: Path) -> Iterator[str]:
    """Yield the SHA-256 digests that files of a gallery have as their names."""
    for path in gallery.glob("photos/*/*"):
        if PICTURE.fullmatch(path.name):
            yield path.name
    for path in gallery.glob("thumbnails/*/*"):
        if THUMBNAIL.fullmatch(path.name):
            yield path.stem
