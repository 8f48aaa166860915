"""The photos of a gallery as rows of its database. No other module has SQL about photos."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import numpy as np

from service.embedding import Embedding
from service.errors import PhotoNotFound
from service.galleries.database import GalleryDatabase
from service.galleries.records import Changes, NewPhoto, Photo
from service.galleries.schema import (
    Connection,
    current_revision,
    embeddings_table,
    fetch_one,
    next_revision,
    spaces_in_use,
)

COLUMNS = "photos.id, sha256, label, metadata, content_type, width, height, source"
"""The columns that `photo_of` takes."""
MAX_VALUES = 500
"""Values in one `IN (...)`; SQLite has a limit."""

_Row = tuple[int, str, str | None, str, str, int, int, str | None]


class PhotoRows:
    """Photos, and their embeddings in the space of the database. Thread-safe.

    Methods that read or write embeddings raise GalleryReindexed once the gallery has switched to another
    space. Each change increases the gallery's revision. Indexes use it to catch up.
    """

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database

    # reading

    def count(self) -> int:
        """Return the number of photos."""
        with self._database.reading() as connection:
            return int(fetch_one(connection, "SELECT count(*) FROM photos"))

    def photo(self, photo_id: int) -> Photo:
        """Return a photo by its id. Raises PhotoNotFound."""
        with self._database.reading() as connection:
            found = select_photos(connection, "id", [photo_id])
        if not found:
            raise self.not_found(photo_id)
        return found[0]

    def page(self, after: int, limit: int) -> list[Photo]:
        """Return up to `limit` photos with ids above `after`, by id."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM photos WHERE id > ? ORDER BY id LIMIT ?", (after, limit)
            ).fetchall()
        return [photo_of(row) for row in rows]

    def by_ids(self, ids: Sequence[int]) -> list[Photo]:
        """Return the photos with these ids, in any order. Unknown ids are left out."""
        with self._database.reading() as connection:
            return select_photos(connection, "id", ids)

    def embedded(self, digests: Sequence[str]) -> list[Photo]:
        """Return the photos with these SHA-256 digests that have an embedding."""
        with self._database.reading(embeddings=True) as connection:
            photos = select_photos(connection, "sha256", digests)
            query = (
                f"SELECT id FROM {self._database.embeddings} WHERE fault IS NOT NULL AND embedding IS NULL"
            )
            without = {row[0] for row in connection.execute(query)}
        return [photo for photo in photos if photo.id not in without]

    def embedding(self, photo_id: int) -> Embedding:
        """Return a photo's embedding [dim]. Raises PhotoNotFound."""
        found = self.embeddings([photo_id])
        if not found:
            self.photo(photo_id)
            raise PhotoNotFound(
                f"photo {photo_id} of gallery {self._database.name!r} has no embedding:"
                " its picture could not be read when the gallery was re-embedded;"
                " restore the file and reindex the gallery"
            )
        return found[photo_id]

    def embeddings(self, ids: Sequence[int]) -> dict[int, Embedding]:
        """Return embeddings by photo id. Photos without an embedding are left out."""
        with self._database.reading(embeddings=True) as connection:
            marks = ",".join("?" * len(ids))
            query = (
                f"SELECT id, embedding FROM {self._database.embeddings}"
                f" WHERE id IN ({marks}) AND embedding IS NOT NULL"
            )
            return {
                photo_id: np.frombuffer(embedding, "<f4")
                for photo_id, embedding in connection.execute(query, list(ids))
            }

    def changes(self, since: int) -> Changes:
        """Return what has changed since a revision, from one consistent snapshot."""
        with self._database.reading(embeddings=True) as connection:
            if (revision := current_revision(connection)) == since:
                return Changes(since, [], [])
            added = connection.execute(
                f"SELECT id, embedding FROM photos JOIN {self._database.embeddings} USING (id)"
                " WHERE revision > ? AND embedding IS NOT NULL ORDER BY id",
                (since,),
            ).fetchall()
            removed = connection.execute("SELECT id FROM removals WHERE revision > ?", (since,)).fetchall()
        return Changes(
            revision,
            [(int(row[0]), np.frombuffer(row[1], "<f4")) for row in added],
            [int(row[0]) for row in removed],
        )

    # writing

    @contextmanager
    def transaction(self) -> Iterator["PhotoTransaction"]:
        """Open a write transaction, see `GalleryDatabase.transaction`."""
        with self._database.transaction() as connection:
            yield PhotoTransaction(self._database, connection)

    def not_found(self, photo_id: int) -> PhotoNotFound:
        """Return the error for an id that no photo has."""
        name = self._database.name
        return PhotoNotFound(
            f"gallery {name!r} has no photo {photo_id}; GET /galleries/{name}/photos lists its photos"
        )


class PhotoTransaction:
    """The changes that a write transaction can make."""

    def __init__(self, database: GalleryDatabase, connection: Connection) -> None:
        self._database, self._connection = database, connection

    def insert(self, photos: Sequence[NewPhoto]) -> dict[str, Photo]:
        """Add the photos that the gallery does not have yet. Return all of them as stored, by SHA-256.

        A photo that is stored without an embedding gets the new embedding and the new source.

        Raises:
            GalleryReindexed: the embeddings are of a checkpoint that the gallery no longer has.
        """
        self._database.check_space(self._connection)
        revision = next_revision(self._connection)
        for photo in photos:
            self._insert(photo, revision)
        stored = select_photos(self._connection, "sha256", [photo.sha256 for photo in photos])
        return {photo.sha256: photo for photo in stored}

    def _insert(self, photo: NewPhoto, revision: int) -> None:
        self._connection.execute(
            "INSERT INTO photos (sha256, label, metadata, content_type, width, height, source, revision)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
            (
                photo.sha256,
                photo.label,
                json.dumps(photo.metadata),
                photo.content_type,
                photo.width,
                photo.height,
                photo.source,
                revision,
            ),
        )
        photo_id = int(fetch_one(self._connection, "SELECT id FROM photos WHERE sha256 = ?", photo.sha256))
        embedding = np.ascontiguousarray(photo.embedding, "<f4").tobytes()
        inserted = self._connection.execute(
            f"INSERT INTO {self._database.embeddings} (id, embedding) VALUES (?, ?) ON CONFLICT (id) DO"
            " UPDATE SET embedding = excluded.embedding, fault = NULL WHERE embedding IS NULL",
            (photo_id, embedding),
        )
        if inserted.rowcount:
            self._connection.execute(
                "UPDATE photos SET revision = ?, source = ? WHERE id = ?", (revision, photo.source, photo_id)
            )
            # A running reindex may have found the old file unreadable; it must embed the new one.
            self._delete_embeddings(photo_id, "fault IS NOT NULL")

    def delete(self, photo_id: int) -> str | None:
        """Remove a photo. Return its SHA-256, or None if there is no such photo."""
        row = self._connection.execute(
            "DELETE FROM photos WHERE id = ? RETURNING sha256", (photo_id,)
        ).fetchone()
        if row is None:
            return None
        self._delete_embeddings(photo_id)
        self._connection.execute(
            "INSERT INTO removals VALUES (?, ?)", (photo_id, next_revision(self._connection))
        )
        return str(row[0])

    def _delete_embeddings(self, photo_id: int, where: str = "TRUE") -> None:
        """Delete a photo's embeddings from the gallery's space and from the space that a reindex fills."""
        for space in spaces_in_use(self._connection):
            deleted = self._connection.execute(
                f"DELETE FROM {embeddings_table(space)} WHERE id = ? AND {where}", (photo_id,)
            ).rowcount
            self._connection.execute(
                "UPDATE reindex SET done = done - ? WHERE space = ? AND state != 'done'", (deleted, space)
            )

    def has(self, sha256: str) -> bool:
        """Return whether a photo has this SHA-256."""
        return bool(select_photos(self._connection, "sha256", [sha256]))


def photo_of(row: _Row) -> Photo:
    """Return the photo of a row of `COLUMNS`."""
    photo_id, sha256, label, metadata, content_type, width, height, source = row
    return Photo(
        id=photo_id,
        sha256=sha256,
        label=label,
        metadata=json.loads(metadata),
        content_type=content_type,
        width=width,
        height=height,
        source=source,
    )


def select_photos(
    connection: Connection, column: Literal["id", "sha256"], values: Sequence[int | str]
) -> list[Photo]:
    """Return the photos that have one of the values in a column, in any order."""
    photos: list[Photo] = []
    for start in range(0, len(values), MAX_VALUES):
        part = values[start : start + MAX_VALUES]
        marks = ",".join("?" * len(part))
        rows = connection.execute(f"SELECT {COLUMNS} FROM photos WHERE {column} IN ({marks})", part)
        photos += map(photo_of, rows)
    return photos
