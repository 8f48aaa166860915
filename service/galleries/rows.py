"""The photos of a gallery as rows of its database. No other module has SQL about photos."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from service.embedding import Embedding
from service.errors import PhotoDamaged, PhotoNotFound
from service.galleries.checksums import EMBEDDING, PHOTO, REMOVAL, RowDamaged, checksum, selected
from service.galleries.database import GalleryDatabase
from service.galleries.records import Changes, NewPhoto, Photo
from service.galleries.schema import (
    Connection,
    current_revision,
    embeddings_table,
    fetch_one,
    next_revision,
    spaces_in_use,
    update_reindex,
)
from service.galleries.stored_rows import (
    MAX_VALUES,
    PHOTO_COLUMNS,
    StoredRows,
    embedding_columns,
    embedding_values,
    photo_values,
)

_INSERT_PHOTO = (
    f"INSERT INTO photos ({', '.join(PHOTO)}, checksum) VALUES ({','.join('?' * len((*PHOTO, 'checksum')))})"
)
_UPDATE_PHOTO = f"UPDATE photos SET {', '.join(f'{column} = ?' for column in (*PHOTO[1:], 'checksum'))}"


class PhotoRows:
    """Photos, and their embeddings in the space of the database. Thread-safe.

    Damaged rows are left out: they are no photos for lists and searches. Methods that ask for one photo raise
    PhotoDamaged.

    Methods that read or write embeddings raise GalleryReindexed once the gallery has switched to another
    space. Each change increases the gallery's revision. Indexes use it to catch up.
    """

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database
        self._stored = StoredRows(database)

    # reading

    def count(self) -> int:
        """Return the number of photos."""
        with self._database.reading() as connection:
            return int(fetch_one(connection, "SELECT count(*) FROM photos"))

    def photo(self, photo_id: int) -> Photo:
        """Return a photo by its id. Raises PhotoNotFound, PhotoDamaged."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"SELECT {PHOTO_COLUMNS} FROM photos WHERE id = ?", (photo_id,)
            ).fetchone()
        if row is None:
            raise self.not_found(photo_id)
        photo = self._stored.photo(row)
        if photo is None:
            raise self.damaged(photo_id)
        return photo

    def page(self, after: int, limit: int) -> list[Photo]:
        """Return up to `limit` photos with ids above `after`, by id. Fewer only if there are no more."""
        photos: list[Photo] = []
        with self._database.reading() as connection:
            while len(photos) < limit:
                wanted = limit - len(photos)
                rows = connection.execute(
                    f"SELECT {PHOTO_COLUMNS} FROM photos WHERE id > ? ORDER BY id LIMIT ?", (after, wanted)
                ).fetchall()
                photos += self._stored.photos(rows)
                if len(rows) < wanted:
                    break
                after = int(rows[-1][0])
        return photos

    def by_ids(self, ids: Sequence[int]) -> list[Photo]:
        """Return the photos with these ids, in any order. Unknown ids are left out."""
        with self._database.reading() as connection:
            return self._stored.select_photos(connection, "id", ids)

    def embedded(self, digests: Sequence[str]) -> list[Photo]:
        """Return the photos with these SHA-256 digests that have an embedding."""
        with self._database.reading(embeddings=True) as connection:
            photos = self._stored.select_photos(connection, "sha256", digests)
            embedded = self._embeddings(connection, [photo.id for photo in photos]).keys()
        return [photo for photo in photos if photo.id in embedded]

    def embedding(self, photo_id: int) -> Embedding:
        """Return a photo's embedding [dim]. Raises PhotoNotFound, PhotoDamaged."""
        with self._database.reading(embeddings=True) as connection:
            table = self._database.embeddings
            row = connection.execute(
                f"SELECT {embedding_columns(table)} FROM {table} WHERE id = ?", (photo_id,)
            ).fetchone()
        if row is not None and (found := self._stored.embedding(table, row)) is not None:
            return found[1]
        self.photo(photo_id)
        if row is not None and self._stored.is_intact(table, row):
            raise PhotoNotFound(
                f"photo {photo_id} of gallery {self._database.name!r} has no embedding:"
                " its picture could not be read when the gallery was re-embedded;"
                " restore the file and reindex the gallery"
            )
        raise self.damaged(photo_id)

    def embeddings(self, ids: Sequence[int]) -> dict[int, Embedding]:
        """Return embeddings by photo id. Photos without an embedding are left out."""
        with self._database.reading(embeddings=True) as connection:
            return self._embeddings(connection, ids)

    def _embeddings(self, connection: Connection, ids: Sequence[int]) -> dict[int, Embedding]:
        table, found = self._database.embeddings, dict[int, Embedding]()
        for start in range(0, len(ids), MAX_VALUES):
            part = ids[start : start + MAX_VALUES]
            marks = ",".join("?" * len(part))
            query = f"SELECT {embedding_columns(table)} FROM {table} WHERE id IN ({marks})"
            found |= self._stored.embeddings(table, connection.execute(query, part).fetchall())
        return found

    def changes(self, since: int) -> Changes:
        """Return what has changed since a revision, from one consistent snapshot."""
        table = self._database.embeddings
        with self._database.reading(embeddings=True) as connection:
            if (revision := current_revision(connection)) == since:
                return Changes(since, [], [])
            added = connection.execute(
                f"SELECT {embedding_columns(table)} FROM photos JOIN {table} USING (id)"
                " WHERE revision > ? ORDER BY photos.id",
                (since,),
            ).fetchall()
            removed = connection.execute(
                f"SELECT {selected(REMOVAL, 'removals')} FROM removals WHERE revision > ?", (since,)
            ).fetchall()
        return Changes(
            revision,
            self._stored.embeddings(table, added),
            [photo_id for row in removed if (photo_id := self._stored.removal(row)) is not None],
        )

    # writing

    @contextmanager
    def transaction(self) -> Iterator["PhotoTransaction"]:
        """Open a write transaction, see `GalleryDatabase.transaction`."""
        with self._database.transaction() as connection:
            yield PhotoTransaction(self._database, connection, self._stored)

    def not_found(self, photo_id: int) -> PhotoNotFound:
        """Return the error for an id that no photo has."""
        name = self._database.name
        return PhotoNotFound(
            f"gallery {name!r} has no photo {photo_id}; GET /galleries/{name}/photos lists its photos"
        )

    def damaged(self, photo_id: int) -> PhotoDamaged:
        """Return the error for a photo whose row is damaged."""
        name = self._database.name
        return PhotoDamaged(
            f"photo {photo_id} of gallery {name!r} is damaged on the disk; run `iiae fsck {name}`,"
            " or add its file again"
        )


class PhotoTransaction:
    """The changes that a write transaction can make."""

    def __init__(self, database: GalleryDatabase, connection: Connection, stored: StoredRows) -> None:
        self._database, self._connection, self._stored = database, connection, stored

    def insert(self, photos: Sequence[NewPhoto]) -> dict[str, Photo]:
        """Add the photos that the gallery does not have yet. Return all of them as stored, by SHA-256.

        A photo that is stored without an embedding gets the new embedding and the new source. A photo whose
        row is damaged gets a new row with its id.

        Raises:
            GalleryReindexed: the embeddings are of a checkpoint that the gallery no longer has.
        """
        self._database.check_space(self._connection)
        revision = next_revision(self._connection)
        for photo in photos:
            self._insert(photo, revision)
        digests = [photo.sha256 for photo in photos]
        stored = self._stored.select_photos(self._connection, "sha256", digests)
        return {photo.sha256: photo for photo in stored}

    def _insert(self, photo: NewPhoto, revision: int) -> None:
        photo_id, present = self._present(photo.sha256)
        if photo_id is None:
            photo_id = self._insert_photo(photo, revision)
        elif present is not None and self._has_embedding(photo_id):
            return
        else:
            if present is not None:  # its label and metadata stay
                photo = replace(photo, label=present.label, metadata=present.metadata)
            values = photo_values(photo_id, photo, revision)[1:]
            self._connection.execute(f"{_UPDATE_PHOTO} WHERE id = ?", (*values, photo_id))
        self._connection.execute(
            f"INSERT OR REPLACE INTO {self._database.embeddings} ({', '.join(EMBEDDING)}, checksum)"
            " VALUES (?, ?, ?, ?)",
            embedding_values(photo_id, photo.embedding),
        )
        self._database.damage.clear("photos", photo_id)
        self._database.damage.clear(self._database.embeddings, photo_id)
        # A running reindex may have found the old file unreadable; it must embed the new one.
        self._delete_embeddings(photo_id, "fault IS NOT NULL")

    def _present(self, sha256: str) -> tuple[int | None, Photo | None]:
        """Return the id and the photo that has a SHA-256. The photo is None if its row is damaged."""
        query = f"SELECT {PHOTO_COLUMNS} FROM photos WHERE sha256 = ?"
        row = self._connection.execute(query, (sha256,)).fetchone()
        return (None, None) if row is None else (int(row[0]), self._stored.photo(row))

    def _has_embedding(self, photo_id: int) -> bool:
        table = self._database.embeddings
        query = f"SELECT {embedding_columns(table)} FROM {table} WHERE id = ?"
        row = self._connection.execute(query, (photo_id,)).fetchone()
        return row is not None and self._stored.embedding(table, row) is not None

    def _insert_photo(self, photo: NewPhoto, revision: int) -> int:
        """Insert the row of a new photo and return its id, which the checksum covers, too."""
        values = photo_values(0, photo, revision)
        photo_id = self._connection.execute(_INSERT_PHOTO, (None, *values[1:])).lastrowid
        assert photo_id is not None
        checked = photo_values(photo_id, photo, revision)
        self._connection.execute("UPDATE photos SET checksum = ? WHERE id = ?", (checked[-1], photo_id))
        return photo_id

    def delete(self, photo_id: int) -> str | None:
        """Remove a photo. Return its SHA-256, or None if there is no such photo."""
        row = self._connection.execute(
            "DELETE FROM photos WHERE id = ? RETURNING CAST(sha256 AS BLOB)", (photo_id,)
        ).fetchone()
        if row is None:
            return None
        self._delete_embeddings(photo_id)
        revision = next_revision(self._connection)
        self._connection.execute(
            "INSERT OR REPLACE INTO removals VALUES (?, ?, ?)",
            (photo_id, revision, checksum(photo_id, revision)),
        )
        self._database.damage.clear("photos", photo_id)
        return str(row[0], "utf-8", "replace")

    def set_thumbnail(self, photo_id: int, thumbnail: bytes) -> bool:
        """Store the checksum of a photo's new thumbnail. False without such a photo, or if it is damaged."""
        query = f"SELECT {PHOTO_COLUMNS} FROM photos WHERE id = ?"
        row = self._connection.execute(query, (photo_id,)).fetchone()
        if row is None or self._stored.photo(row) is None:
            return False
        values = [
            thumbnail if name == "thumbnail" else value for name, value in zip(PHOTO, row, strict=False)
        ]
        self._connection.execute(
            "UPDATE photos SET thumbnail = ?, checksum = ? WHERE id = ?",
            (thumbnail, checksum(*values), photo_id),
        )
        return True

    def _delete_embeddings(self, photo_id: int, where: str = "TRUE") -> None:
        """Delete a photo's embeddings from the gallery's space and from the space that a reindex fills."""
        for space in spaces_in_use(self._connection):
            deleted = self._connection.execute(
                f"DELETE FROM {embeddings_table(space)} WHERE id = ? AND {where}", (photo_id,)
            ).rowcount
            self._database.damage.clear(embeddings_table(space), photo_id)
            if deleted:
                with suppress(RowDamaged):  # the progress of the reindex is lost; the photos are not
                    update_reindex(
                        self._connection,
                        "done = done - ?",
                        deleted,
                        where=f"space = {space} AND state != 'done'",
                    )

    def has(self, sha256: str) -> bool:
        """Return whether a photo has this SHA-256."""
        query = "SELECT 1 FROM photos WHERE sha256 = ?"
        return self._connection.execute(query, (sha256,)).fetchone() is not None
