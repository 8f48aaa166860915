"""Check the rows of a gallery against their checksums and against each other."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from service.galleries.checksums import EMBEDDING, PHOTO, RawRow, is_intact, last_id, selected
from service.galleries.database import GalleryDatabase
from service.galleries.fsck.digests import copies, restore
from service.galleries.fsck.finding import Finding, Options, after_repair
from service.galleries.records import Photo
from service.galleries.schema import embeddings_table, spaces_in_use
from service.galleries.stored_rows import StoredRows, embedding_values

PAGE = 1_000
"""Rows that are read in one transaction."""
FAULT = "its embedding was damaged"


@dataclass
class RowsChecked:
    """What the rows say, for the checks of the files and of the index.

    Attributes:
        photos: number of photos.
        digests: SHA-256 of all pictures that intact rows name.
        damaged: whether a row of a photo is damaged, lost or not checked: `digests` may be incomplete.
    """

    photos: int = 0
    digests: set[str] = field(default_factory=set)
    damaged: bool = False


def photo_pages(database: GalleryDatabase) -> Iterator[list[tuple[int, Photo | None]]]:
    """Yield ids and photos in pages, by id. A damaged row has no photo."""
    stored, after = StoredRows(database), -(2**63)
    while True:
        with database.reading() as connection:
            rows = connection.execute(
                f"SELECT id, {selected(PHOTO, 'photos')} FROM photos WHERE id > ? ORDER BY id LIMIT ?",
                (after, PAGE),
            ).fetchall()
        if not rows:
            return
        after = last_id(rows, after)
        yield [(int(row[0]), stored.photo(row[1:])) for row in rows]


def check_photos(database: GalleryDatabase, checked: RowsChecked, options: Options) -> Iterator[Finding]:
    """Yield a finding for each damaged row of a photo, and fill `checked`.

    A repair restores the SHA-256 of a row if only that is damaged.
    """
    damaged: list[int] = []
    for page in photo_pages(database):
        for photo_id, photo in page:
            checked.photos += 1
            if photo is None:
                damaged.append(photo_id)
            else:
                checked.digests.add(photo.sha256)
    candidates = copies(database, set(damaged), checked.digests) if damaged and options.repair else set()
    for photo_id in damaged:
        finding = Finding(
            place=database.name,
            kind="photo_damaged",
            detail=f"the row of photo {photo_id} is damaged; restore the gallery from a backup,"
            " or remove the photo and add its file again",
        )
        if candidates:
            finding = after_repair(finding, partial(_restore, database, photo_id, candidates, checked))
        if finding.repaired:
            finding = replace(finding, detail=f"the SHA-256 in the row of photo {photo_id} was damaged")
        yield finding


def _restore(database: GalleryDatabase, photo_id: int, candidates: set[bytes], checked: RowsChecked) -> bool:
    """Restore the SHA-256 of a row. False if the row has other damage."""
    if (sha256 := restore(database, photo_id, candidates)) is None:
        return False
    checked.digests.add(sha256)
    return True


def check_embeddings(database: GalleryDatabase, options: Options) -> Iterator[Finding]:
    """Yield a finding for each embedding that is damaged, missing, or of no photo.

    A repair stores a fault in its place. The next `iiae reindex` embeds the picture again.
    """
    for photo_id, problem in list(_bad_embeddings(database)):
        detail = f"the embedding of photo {photo_id} {problem}, so no search finds it"
        finding = Finding(
            place=database.name,
            kind="embedding_damaged",
            detail=f"{detail}; --repair marks it for `iiae reindex`",
        )
        if options.repair:
            finding = after_repair(finding, partial(_mark, database, photo_id))
        if finding.repaired:
            finding = replace(finding, detail=f"{detail}; run `iiae reindex {database.name}`")
        yield finding


def _bad_embeddings(database: GalleryDatabase) -> Iterator[tuple[int, str]]:
    """Yield photo ids and what is wrong with their embeddings."""
    table, after = database.embeddings, -(2**63)
    query = (
        f"SELECT photos.id, {table}.id IS NULL, {selected(EMBEDDING, table)}"
        f" FROM photos LEFT JOIN {table} USING (id) WHERE photos.id > ? ORDER BY photos.id LIMIT ?"
    )
    while True:
        with database.reading(embeddings=True) as connection:
            rows = connection.execute(query, (after, PAGE)).fetchall()
        after = last_id(rows, after)
        for photo_id, missing, *row in rows:
            if (problem := _problem(database, None if missing else row)) is not None:
                yield int(photo_id), problem
        if not rows:
            return


def _problem(database: GalleryDatabase, row: RawRow | None) -> str | None:
    """Return what is wrong with an embedding. None if it is good, or a fault explains why it is missing."""
    if row is None:
        return "is missing"
    if not is_intact(row, unsealed=database.unsealed):
        return "is damaged"
    if (blob := row[2]) is None:
        return None
    if len(blob) != 4 * database.spec.dim:
        return f"has not {database.spec.dim} values"
    return None if np.isfinite(np.frombuffer(blob, "<f4")).all() else "has values that are no numbers"


def _mark(database: GalleryDatabase, photo_id: int) -> bool:
    """Replace a bad embedding by a fault. False if the photo was removed or its embedding is good now."""
    table = database.embeddings
    with database.transaction() as connection:
        database.check_space(connection)
        present = connection.execute("SELECT 1 FROM photos WHERE id = ?", (photo_id,)).fetchone()
        query = f"SELECT {selected(EMBEDDING, table)} FROM {table} WHERE id = ?"
        row = connection.execute(query, (photo_id,)).fetchone()
        if present is None or _problem(database, row) is None:
            return False
        connection.execute(
            f"INSERT OR REPLACE INTO {table} ({', '.join(EMBEDDING)}, checksum) VALUES (?, ?, ?, ?)",
            embedding_values(photo_id, None, FAULT),
        )
    return True


def check_lost_photos(database: GalleryDatabase) -> Iterator[Finding]:
    """Yield a finding for each embedding that has no photo: the row of that photo is lost."""
    with database.reading(embeddings=True) as connection:
        ids: set[int] = set()
        for space in spaces_in_use(connection):
            query = f"SELECT id FROM {embeddings_table(space)} EXCEPT SELECT id FROM photos"
            ids |= {int(row[0]) for row in connection.execute(query)}
    for photo_id in sorted(ids):
        yield Finding(
            place=database.name,
            kind="photo_lost",
            detail=f"there is an embedding of photo {photo_id}, but no photo; restore a backup",
        )
