"""The photos of a gallery as rows of its file. The rest of the product sees photos, never SQL."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import numpy as np

from service.embedding import Embedding
from service.errors import PhotoNotFound
from service.galleries.database import (
    Connection,
    GalleryDatabase,
    embeddings,
    next_revision,
    one,
    revision,
    spaces_in_use,
)
from service.galleries.records import NewPhoto, Photo


class PhotoRows:
    """Photos, and their embeddings in the space in which the file was opened; once the gallery has another, whatever is
    about embeddings raises GalleryReindexed. Each change raises `revision`, by which indexes catch up."""

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database

    # reading

    def count(self) -> int:
        """Number of photos."""
        with self._database.reading() as connection:
            return int(one(connection, "SELECT count(*) FROM photos"))

    def photo(self, photo_id: int) -> Photo:
        """A photo by its id. Raises PhotoNotFound."""
        with self._database.reading() as connection:
            found = photos_having(connection, "id", [photo_id])
        if not found:
            raise self.no_photo(photo_id)
        return found[0]

    def page(self, after: int, limit: int) -> list[Photo]:
        """Up to `limit` photos with ids above `after`, by id."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM photos WHERE id > ? ORDER BY id LIMIT ?", (after, limit)
            ).fetchall()
        return [photo(row) for row in rows]

    def having(self, column: Literal["id", "sha256"], values: Sequence[int | str]) -> list[Photo]:
        """The photos that have one of the values."""
        with self._database.reading() as connection:
            return photos_having(connection, column, values)

    def embedded(self, digests: Sequence[str]) -> list[Photo]:
        """The photos of which these are the SHA-256 and of which there is an embedding."""
        with self._database.reading(of_space=True) as connection:
            found = photos_having(connection, "sha256", digests)
            without = {
                row[0]
                for row in connection.execute(
                    f"SELECT id FROM {self._database.embeddings} WHERE fault IS NOT NULL AND embedding IS NULL"
                )
            }
        return [photo for photo in found if photo.id not in without]

    def vector(self, photo_id: int) -> Embedding:
        """A photo's embedding [dim]. Raises PhotoNotFound."""
        found = self.vectors([photo_id])
        if not found:
            self.photo(photo_id)
            raise PhotoNotFound(
                f"photo {photo_id} of gallery {self._database.name!r} could not be read when the gallery was embedded anew: it is compared to none"
            )
        return found[photo_id]

    def vectors(self, ids: Sequence[int]) -> dict[int, Embedding]:
        """Embeddings of the photos with these ids, of those that are here and have one."""
        with self._database.reading(of_space=True) as connection:
            marks = ",".join("?" * len(ids))
            query = f"SELECT id, embedding FROM {self._database.embeddings} WHERE id IN ({marks}) AND embedding IS NOT NULL"
            return {
                identity: np.frombuffer(embedding, "<f4")
                for identity, embedding in connection.execute(query, list(ids))
            }

    def changes(self, since: int) -> tuple[int, list[tuple[int, Embedding]], list[int]]:
        """The present revision, and the photos added and ids removed after `since`; one consistent reading."""
        with self._database.reading(of_space=True) as connection:
            if (present := revision(connection)) == since:
                return since, [], []
            added = connection.execute(
                f"SELECT id, embedding FROM photos JOIN {self._database.embeddings} USING (id) WHERE revision > ? AND embedding IS NOT NULL ORDER BY id",
                (since,),
            ).fetchall()
            removed = connection.execute("SELECT id FROM removals WHERE revision > ?", (since,)).fetchall()
        return (
            present,
            [(int(row[0]), np.frombuffer(row[1], "<f4")) for row in added],
            [int(row[0]) for row in removed],
        )

    # writing

    @contextmanager
    def transaction(self) -> Iterator["PhotoTransaction"]:
        """Writes, all or nothing, of one thread at a time in all processes; until it ends the gallery is not deleted."""
        with self._database.transaction() as connection:
            yield PhotoTransaction(self._database, connection)

    def no_photo(self, photo_id: int) -> PhotoNotFound:
        """What to raise for an id that is none."""
        return PhotoNotFound(f"gallery {self._database.name!r} has no photo {photo_id}")


class PhotoTransaction:
    """What a transaction may do."""

    def __init__(self, database: GalleryDatabase, connection: Connection) -> None:
        self._database, self._connection = database, connection

    def insert(self, photos: Sequence[NewPhoto]) -> dict[str, Photo]:
        """Adds those that are not there yet; returns all of them as they are kept, by SHA-256.

        One that is there without an embedding gets it, and is from now on where the new one is. Raises GalleryReindexed.
        """
        self._database.check_space(self._connection)
        revision = next_revision(self._connection)
        for new in photos:
            self._connection.execute(
                "INSERT INTO photos (sha256, label, metadata, content_type, width, height, source, revision)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
                (
                    new.sha256,
                    new.label,
                    json.dumps(new.metadata),
                    new.content_type,
                    new.width,
                    new.height,
                    new.source,
                    revision,
                ),
            )
            identity = int(one(self._connection, "SELECT id FROM photos WHERE sha256 = ?", new.sha256))
            embedding = np.ascontiguousarray(new.embedding, "<f4").tobytes()
            done = self._connection.execute(
                f"INSERT INTO {self._database.embeddings} (id, embedding) VALUES (?, ?)"
                " ON CONFLICT (id) DO UPDATE SET embedding = excluded.embedding, fault = NULL WHERE embedding IS NULL",
                (identity, embedding),
            )
            if done.rowcount:
                self._connection.execute(
                    "UPDATE photos SET revision = ?, source = ? WHERE id = ?",
                    (revision, new.source, identity),
                )
                self._forget(
                    identity, "fault IS NOT NULL"
                )  # where a reindex found nothing to embed, there is something now
        return {
            photo.sha256: photo
            for photo in photos_having(self._connection, "sha256", [photo.sha256 for photo in photos])
        }

    def delete(self, photo_id: int) -> str | None:
        """Removes a photo; returns its SHA-256, or None where there is no such photo."""
        row = self._connection.execute(
            "DELETE FROM photos WHERE id = ? RETURNING sha256", (photo_id,)
        ).fetchone()
        if row is None:
            return None
        self._forget(photo_id)
        self._connection.execute(
            "INSERT INTO removals VALUES (?, ?)", (photo_id, next_revision(self._connection))
        )
        return str(row[0])

    def _forget(self, photo_id: int, where: str = "TRUE") -> None:
        """Takes a photo out of the gallery's space and out of the one that a reindex fills, `where` it is so there."""
        for space in spaces_in_use(self._connection):
            gone = self._connection.execute(
                f"DELETE FROM {embeddings(space)} WHERE id = ? AND {where}", (photo_id,)
            ).rowcount
            self._connection.execute(
                "UPDATE reindex SET done = done - ? WHERE space = ? AND state != 'done'", (gone, space)
            )

    def has(self, sha256: str) -> bool:
        """Whether a photo has this SHA-256."""
        return bool(photos_having(self._connection, "sha256", [sha256]))


COLUMNS = "photos.id, sha256, label, metadata, content_type, width, height, source"
_Row = tuple[int, str, str | None, str, str, int, int, str | None]


def photo(row: _Row) -> Photo:
    """The photo of a row of `COLUMNS`."""
    identity, sha256, label, metadata, content_type, width, height, source = row
    return Photo(
        id=identity,
        sha256=sha256,
        label=label,
        metadata=json.loads(metadata),
        content_type=content_type,
        width=width,
        height=height,
        source=source,
    )


def photos_having(
    connection: Connection, column: Literal["id", "sha256"], values: Sequence[int | str]
) -> list[Photo]:
    """The photos that have one of the values."""
    found: list[Photo] = []
    for start in range(0, len(values), 500):
        chunk = values[start : start + 500]
        marks = ",".join("?" * len(chunk))
        found += map(
            photo, connection.execute(f"SELECT {COLUMNS} FROM photos WHERE {column} IN ({marks})", chunk)
        )
    return found
