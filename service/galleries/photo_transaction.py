"""The changes of a gallery's photos that one write transaction makes."""

import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace

from service.galleries.checksums import EMBEDDING, PHOTO, RowDamaged, checksum
from service.galleries.damage import PICTURES
from service.galleries.damaged_row import changing_damaged
from service.galleries.database import GalleryDatabase
from service.galleries.photo_filter import PhotoFilter
from service.galleries.records import NewPhoto, Photo, PhotoChanges
from service.galleries.schema import (
    MAX_ID,
    Connection,
    embeddings_table,
    next_revision,
    spaces_in_use,
    update_reindex,
)
from service.galleries.stored_rows import (
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


class PhotoTransaction:
    """The changes that a write transaction can make."""

    def __init__(self, database: GalleryDatabase, connection: Connection, stored: StoredRows) -> None:
        self._database, self._connection, self._stored = database, connection, stored

    @property
    def connection(self) -> Connection:
        """The connection of this transaction, for other tables."""
        return self._connection

    def insert(self, photos: Sequence[NewPhoto]) -> dict[str, Photo]:
        """Add the photos that the gallery does not have yet. Return all of them as stored, by SHA-256.

        A photo that is stored without an embedding gets the new embedding and the new source. A photo whose
        row is damaged gets a new row with its id. All others get the new thumbnail. If the new photo has its
        picture with it, the gallery no longer needs the file at the path `source`.

        Raises:
            GalleryReindexed: the embeddings are of a checkpoint that the gallery no longer has.
        """
        self._database.check_space(self._connection)
        revision = next_revision(self._connection)
        for photo in photos:
            self._insert(photo, revision)
        digests = [photo.sha256 for photo in photos]
        stored = self._stored.select_photos(self._connection, "sha256", digests)
        with_data = {photo.sha256 for photo in photos if photo.data is not None}
        for each in stored:
            if each.sha256 in with_data:  # its picture was written again if it was damaged
                self._database.damage.clear(PICTURES, each.id)
        return {photo.sha256: photo for photo in stored}

    def _insert(self, photo: NewPhoto, revision: int) -> None:
        photo_id, present = self._present(photo.sha256)
        if photo_id is not None and present is None and not 0 < photo_id <= MAX_ID:
            self.delete(photo_id)  # its id is damaged, too
            photo_id = None
        keeps_embedding = False
        if photo_id is None:
            photo_id = self._insert_photo(photo, revision)
        elif present is None:
            keeps_embedding = self._has_embedding(photo_id, of_picture=True)
            with changing_damaged(self._connection, photo_id):
                self._replace_photo(photo_id, photo, revision)
        elif self._has_embedding(photo_id):
            self._update(photo_id, thumbnail=checksum(photo.thumbnail), stored=photo.data is not None)
            return
        else:  # its label and metadata stay
            photo = replace(photo, label=present.label, metadata=present.metadata)
            self._replace_photo(photo_id, photo, revision)
        if not keeps_embedding:  # a kept one is in the index already
            self._insert_embedding(photo_id, photo)
        self._database.damage.clear("photos", photo_id)
        self._database.damage.clear(self._database.embeddings, photo_id)
        # A running reindex may have found the old file unreadable; it must embed the new one.
        self._delete_embeddings(photo_id, "fault IS NOT NULL")

    def replace(self, photo_id: int, photo: NewPhoto) -> None:
        """Give a photo with an intact row another picture, which no other photo has. Its id stays.

        Raises:
            GalleryReindexed: the embedding is of a checkpoint that the gallery no longer has.
        """
        self._database.check_space(self._connection)
        self._replace_photo(photo_id, photo, next_revision(self._connection))
        self._delete_embeddings(photo_id)  # a running reindex embeds the new picture, too
        self._insert_embedding(photo_id, photo)
        self._database.damage.clear(PICTURES, photo_id)

    def _present(self, sha256: str) -> tuple[int | None, Photo | None]:
        """Return the id and the photo that has a SHA-256. The photo is None if its row is damaged.

        Raises:
            RowDamaged: SQLite's index names a row that is lost or has another photo.
        """
        found = self._connection.execute("SELECT id FROM photos WHERE sha256 = ?", (sha256,)).fetchone()
        if found is None:
            return None, None
        photo_id = int(found[0])
        # The row itself: the query above takes the SHA-256 from SQLite's index.
        query = f"SELECT {PHOTO_COLUMNS} FROM photos WHERE id = ?"
        row = self._connection.execute(query, (photo_id,)).fetchone()
        photo = None if row is None else self._stored.photo(row)
        if row is None or (photo is not None and photo.sha256 != sha256):
            raise RowDamaged(f"SQLite's index of SHA-256 names a wrong row, {photo_id}")
        return photo_id, photo

    def _has_embedding(self, photo_id: int, *, of_picture: bool = False) -> bool:
        """Return whether a photo has an intact embedding; with `of_picture`, not that of its thumbnail."""
        table = self._database.embeddings
        query = f"SELECT {embedding_columns(table)} FROM {table} WHERE id = ?"
        row = self._connection.execute(query, (photo_id,)).fetchone()
        if row is None or self._stored.embedding(table, row) is None:
            return False
        return not of_picture or row[EMBEDDING.index("fault")] is None

    def _insert_embedding(self, photo_id: int, photo: NewPhoto) -> None:
        self._connection.execute(
            f"INSERT OR REPLACE INTO {self._database.embeddings} ({', '.join(EMBEDDING)}, checksum)"
            " VALUES (?, ?, ?, ?)",
            embedding_values(photo_id, photo.embedding),
        )

    def _insert_photo(self, photo: NewPhoto, revision: int) -> int:
        """Insert the row of a new photo and return its id, which the checksum covers, too."""
        values = photo_values(0, photo, revision)
        photo_id = self._connection.execute(_INSERT_PHOTO, (None, *values[1:])).lastrowid
        assert photo_id is not None
        checked = photo_values(photo_id, photo, revision)
        self._connection.execute("UPDATE photos SET checksum = ? WHERE id = ?", (checked[-1], photo_id))
        return photo_id

    def _replace_photo(self, photo_id: int, photo: NewPhoto, revision: int) -> None:
        values = photo_values(photo_id, photo, revision)[1:]
        self._connection.execute(f"{_UPDATE_PHOTO} WHERE id = ?", (*values, photo_id))

    def select(self, wanted: PhotoFilter, after: int, until: int, limit: int) -> list[Photo]:
        """Return wanted photos with ids above `after` and up to `until`, by id. Damaged ones are left out."""
        return self._stored.page(self._connection, wanted, after, limit, until=until)

    def delete(self, photo_id: int) -> str | None:
        """Remove a photo, also if its row is damaged. Return its SHA-256, or None without such a photo."""
        query = f"SELECT {PHOTO_COLUMNS} FROM photos WHERE id = ?"
        row = self._connection.execute(query, (photo_id,)).fetchone()
        if row is None:
            return None
        is_damaged = self._stored.photo(row) is None
        with changing_damaged(self._connection, photo_id) if is_damaged else nullcontext():
            row = self._connection.execute(
                "DELETE FROM photos WHERE id = ? RETURNING CAST(sha256 AS BLOB)", (photo_id,)
            ).fetchone()
        self._delete_embeddings(photo_id)
        revision = next_revision(self._connection)
        self._connection.execute(
            "INSERT OR REPLACE INTO removals VALUES (?, ?, ?)",
            (photo_id, revision, checksum(photo_id, revision)),
        )
        self._database.damage.clear("photos", photo_id)
        self._database.damage.clear(PICTURES, photo_id)
        return str(row[0], "utf-8", "replace")

    def set_thumbnail(self, photo_id: int, thumbnail: bytes) -> bool:
        """Store the checksum of a photo's new thumbnail. False without such a photo, or if it is damaged."""
        return self._update(photo_id, thumbnail=thumbnail, stored=False)

    def change(self, photo_id: int, changes: PhotoChanges) -> Photo | None:
        """Change a photo's label or metadata. None without such a photo, or if its row is damaged.

        Its embedding stays, so indexes have nothing to catch up with. The revision increases all the same:
        what is derived from labels is out of date.
        """
        values: dict[str, bytes | None] = {}
        if "label" in changes:
            values["label"] = None if changes["label"] is None else changes["label"].encode()
        if "metadata" in changes:
            values["metadata"] = json.dumps(changes["metadata"]).encode()
        if not self._rewrite(photo_id, values):
            return None
        next_revision(self._connection)
        [photo] = self._stored.select_photos(self._connection, "id", [photo_id])
        return photo

    def move(self, photo_id: int, source: str) -> bool:
        """Change the path of a photo that was indexed in place. False without such a photo."""
        return self._rewrite(photo_id, {"source": source.encode()})

    def resize(self, photo_id: int, width: int, height: int) -> bool:
        """Correct a photo's width and height. False without such a photo."""
        return self._rewrite(photo_id, {"width": str(width).encode(), "height": str(height).encode()})

    def photo(self, photo_id: int) -> Photo | None:
        """Return a photo. None without such a photo, or if its row is damaged."""
        return next(iter(self._stored.select_photos(self._connection, "id", [photo_id])), None)

    def with_digest(self, sha256: str) -> Photo | None:
        """Return the photo with a SHA-256. None without such a photo, or if its row is damaged."""
        return next(iter(self._stored.select_photos(self._connection, "sha256", [sha256])), None)

    def _update(self, photo_id: int, *, thumbnail: bytes, stored: bool) -> bool:
        """Change what an intact row says about the files of its photo. False without such a row.

        Args:
            thumbnail: checksum of its thumbnail.
            stored: whether the gallery has stored the picture just now.
        """
        source: dict[str, bytes | None] = {"source": None} if stored else {}
        return self._rewrite(photo_id, {"thumbnail": thumbnail} | source)

    def _rewrite(self, photo_id: int, changes: Mapping[str, bytes | None]) -> bool:
        """Change columns of an intact row, and its checksum. False without such a row.

        Args:
            changes: the new values by column, as raw bytes. Columns other than `thumbnail` are texts.
        """
        query = f"SELECT {PHOTO_COLUMNS} FROM photos WHERE id = ?"
        row = self._connection.execute(query, (photo_id,)).fetchone()
        if row is None or self._stored.photo(row) is None:
            return False
        before = dict(zip(PHOTO, row, strict=False))
        after = {**before, **changes}
        if after != before:
            columns = [f"{name} = CAST(? AS {'BLOB' if name == 'thumbnail' else 'TEXT'})" for name in changes]
            self._connection.execute(
                f"UPDATE photos SET {', '.join(columns)}, checksum = ? WHERE id = ?",
                (*changes.values(), checksum(*after.values()), photo_id),
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
