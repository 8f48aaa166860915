"""The photos of a gallery as rows of its database: reading them, and transactions that change them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from service.embedding import Embedding
from service.errors import PhotoDamaged, PhotoNotFound
from service.galleries.checksums import REMOVAL, selected
from service.galleries.database import GalleryDatabase
from service.galleries.photo_filter import EVERY_PHOTO, PhotoFilter
from service.galleries.photo_transaction import PhotoTransaction
from service.galleries.records import Changes, GalleryState, Photo
from service.galleries.schema import (
    Connection,
    current_revision,
    fetch_one,
)
from service.galleries.stored_rows import (
    MAX_VALUES,
    PHOTO_COLUMNS,
    StoredRows,
    embedding_columns,
)
from service.galleries.threads.caller import check_caller


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

    def page(self, after: int, limit: int, wanted: PhotoFilter = EVERY_PHOTO) -> list[Photo]:
        """Return up to `limit` wanted photos with ids above `after`, by id. Fewer if there are no more."""
        with self._database.reading() as connection:
            return self._stored.page(connection, wanted, after, limit)

    def last_id(self) -> int:
        """Return the largest id of a photo. 0 without photos."""
        with self._database.reading() as connection:
            return int(fetch_one(connection, "SELECT ifnull(max(id), 0) FROM photos"))

    def state(self) -> GalleryState:
        """Return the present number of photos, their largest ids and the revision."""
        with self._database.reading() as connection:
            count, last = connection.execute("SELECT count(*), ifnull(max(id), 0) FROM photos").fetchone()
            query = "SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE name = 'photos'"
            highest = max(int(last), int(fetch_one(connection, query)))
            return GalleryState(int(count), int(last), highest, current_revision(connection))

    def labels(self, limit: int) -> list[tuple[str | None, int]]:
        """Return up to `limit` labels and how many photos have each of them, most photos first."""
        query = (
            "SELECT CAST(ifnull(label, '') AS BLOB) AS name, count(*) FROM photos"
            " GROUP BY name ORDER BY count(*) DESC, name LIMIT ?"
        )
        with self._database.reading() as connection:
            rows = connection.execute(query, (limit,)).fetchall()
        return [(str(name, "utf-8", "replace") or None, int(count)) for name, count in rows]

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
        [changes] = self.changes_since_each([since])
        return changes

    def changes_since_each(self, revisions: Sequence[int]) -> list[Changes]:
        """Return what has changed since each of the revisions, all from one consistent snapshot."""
        with self._database.reading(embeddings=True) as connection:
            return [self._changes(connection, since) for since in revisions]

    def _changes(self, connection: Connection, since: int) -> Changes:
        table = self._database.embeddings
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
    def transaction(self, *, ends_change: bool = False) -> Iterator[PhotoTransaction]:
        """Open a write transaction, see `GalleryDatabase.transaction`."""
        with self._database.transaction(ends_change=ends_change) as connection:
            yield PhotoTransaction(self._database, connection, self._stored)
            if not ends_change:  # the block may have taken long
                check_caller()

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
