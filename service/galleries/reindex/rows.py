"""A reindex as rows of the gallery's database: its progress, and the new space that it fills.

The caller holds the gallery's lock (`service.galleries.reindex.job`), except for `progress` and `cancel`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from service.errors import ReindexCancelled, ReindexNotFound
from service.galleries.checksums import EMBEDDING, RawRow, last_id
from service.galleries.database import GalleryDatabase
from service.galleries.records import GallerySpec, Photo
from service.galleries.reindex.records import EmbeddedPhoto, Fault, ReindexProgress
from service.galleries.schema import (
    Connection,
    all_spaces,
    check_reindex,
    create_space,
    current_revision,
    current_space,
    embeddings_table,
    fetch_one,
    meta_value,
    next_revision,
    read_meta,
    seal_reindex,
    set_meta,
    spaces_in_use,
    update_reindex,
)
from service.galleries.stored_rows import (
    PHOTO_COLUMNS,
    StoredRows,
    embedding_columns,
    embedding_values,
)

STEP = 1_000
"""Rows that one transaction copies or deletes. Others can write between two transactions."""
NEXT_DRAWN = "next_drawn"
"""Key of `meta`: whether the gallery has drawn pictures for the space that a reindex fills."""
MAX_FAULTS = 100
"""Maximum number of faults in a `ReindexProgress`."""


class ReindexRows:
    """The reindex of one gallery. Thread-safe."""

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database
        self._stored = StoredRows(database)

    def progress(self) -> ReindexProgress | None:
        """Return the progress of the last reindex, or None if there was none."""
        with self._database.reading() as connection:
            check_reindex(connection)
            row = connection.execute(
                "SELECT space, state, model, digest, done, total, error, started, ended FROM reindex"
            ).fetchone()
            if row is None:
                return None
            space, state, model, digest, done, total, error, started, ended = row
            faulty, faults = _faults(connection, space, MAX_FAULTS) if state != "cancelled" else (0, ())
            if state in {"running", "failed"}:
                total = fetch_one(connection, "SELECT count(*) FROM photos")
        return ReindexProgress(
            state=state,
            model=model,
            digest=digest,
            done=done,
            total=total,
            faulty=faulty,
            faults=faults,
            error=error,
            started=started,
            ended=ended,
        )

    def cancel(self) -> None:
        """Mark a running or interrupted reindex as cancelled. The process that runs it then stops.

        Raises:
            ReindexNotFound: no reindex is running or interrupted.
        """
        with self._database.transaction() as connection:
            if not update_reindex(
                connection,
                "state = 'cancelled', ended = ?, total = (SELECT count(*) FROM photos)",
                _now(),
                where="state IN ('running', 'failed')",
            ):
                raise ReindexNotFound(f"no reindex of gallery {self._database.name!r} is running")

    def begin(self, spec: GallerySpec, *, drawn: bool | None = None, from_scratch: bool) -> bool:
        """Resume an interrupted or failed reindex to the same checkpoint, or begin a new one.

        Args:
            drawn: whether the gallery then has drawn pictures. With None, that stays as it is.
            from_scratch: begin a new one in any case, and embed all photos.

        Returns:
            False if there is nothing to do: this checkpoint has embedded every photo from its picture.
        """
        with self._database.transaction() as connection:
            if not from_scratch and self._resume(connection, spec, drawn):
                return True
            present = _is_drawn(connection)
            if drawn is None:
                drawn = present
            takes_over = (
                not from_scratch and drawn == present and meta_value(connection, "digest") == spec.digest
            )
            # The same weights may have been published under another name.
            same_name = meta_value(connection, "model") == spec.model
            space = current_space(connection)
            up_to_date = takes_over and same_name and not _faults(connection, space, 0)[0]
            if not up_to_date:
                space = max(all_spaces(connection)) + 1
                create_space(connection, space)
            set_meta(connection, NEXT_DRAWN, str(drawn))
            self._insert(connection, spec, space, takes_over=takes_over)
            if up_to_date:
                update_reindex(
                    connection,
                    "state = 'done', ended = started,"
                    " done = (SELECT count(*) FROM photos), total = (SELECT count(*) FROM photos)",
                )
            return not up_to_date

    def drawn(self) -> bool:
        """Return whether the gallery has drawn pictures after the last reindex."""
        with self._database.reading() as connection:
            return _is_drawn(connection, after_reindex=True)

    def _resume(self, connection: Connection, spec: GallerySpec, drawn: bool | None) -> bool:
        """Resume a reindex to the same checkpoint. Its faults are tried again. False if there is none."""
        check_reindex(connection)
        row = connection.execute(
            "SELECT space, digest FROM reindex WHERE state IN ('running', 'failed')"
        ).fetchone()
        if row is None or row[1] != spec.digest:
            return False
        if drawn is not None and drawn != _is_drawn(connection, after_reindex=True):
            return False
        faults = connection.execute(
            f"DELETE FROM {embeddings_table(row[0])} WHERE fault IS NOT NULL"
        ).rowcount
        update_reindex(
            connection,
            "state = 'running', error = NULL, ended = NULL, model = ?, started = ?, done = done - ?",
            spec.model,
            _now(),
            faults,
        )
        return True

    def _insert(self, connection: Connection, spec: GallerySpec, space: int, *, takes_over: bool) -> None:
        connection.execute("DELETE FROM reindex")
        connection.execute(
            "INSERT INTO reindex"
            " (one, space, model, digest, distance, dim, takes_over, state, done, total, started, checksum)"
            " VALUES (1, ?, ?, ?, ?, ?, ?, 'running', 0, 0, ?, x'')",
            (space, spec.model, spec.digest, spec.distance, spec.dim, takes_over, _now()),
        )
        seal_reindex(connection)

    def take_over(self, after: int) -> int | None:
        """Copy up to `STEP` embeddings without faults from the present space, with ids above `after`.

        Copies nothing if another checkpoint embedded the present space.

        Returns:
            The last id that was copied, or None if nothing is left to copy.

        Raises:
            ReindexCancelled.
        """
        with self._database.transaction() as connection:
            space = self._running_space(connection)
            if not fetch_one(connection, "SELECT takes_over FROM reindex"):
                return None
            present = embeddings_table(current_space(connection))
            rows = connection.execute(
                f"SELECT {embedding_columns(present)} FROM {present}"
                " WHERE id > ? AND fault IS NULL ORDER BY id LIMIT ?",
                (after, STEP),
            ).fetchall()
            if not rows:
                return None
            after = last_id(rows, after)
            intact = self._stored.embeddings(present, rows)  # damaged ones are embedded again
            copied = connection.executemany(
                f"{_insert_embedding('OR IGNORE', embeddings_table(space))} VALUES (?, ?, ?, ?)",
                [embedding_values(photo_id, embedding) for photo_id, embedding in intact],
            ).rowcount
            update_reindex(connection, "done = done + ?", max(copied, 0))
            return after

    def revision(self) -> int:
        """Return the gallery's present revision."""
        with self._database.reading() as connection:
            return current_revision(connection)

    def missing(self, since: int, after: int, limit: int) -> list[Photo]:
        """Return photos that the new space does not have yet, by id.

        Args:
            since: only photos added after this revision.
            after: only photos with ids above this.
            limit: maximum number of photos.

        Raises:
            ReindexCancelled.
        """
        photos: list[Photo] = []
        with self._database.reading() as connection:
            while len(photos) < limit:
                wanted = limit - len(photos)
                rows = self._missing(connection, since, after, wanted)
                after = last_id(rows, after)
                photos += self._stored.photos(rows)
                if len(rows) < wanted:
                    break
        return photos

    def _missing(self, connection: Connection, since: int, after: int, limit: int) -> list[RawRow]:
        """Return the rows of `missing`, damaged ones included."""
        table = embeddings_table(self._running_space(connection))
        return connection.execute(
            f"SELECT {PHOTO_COLUMNS} FROM photos LEFT JOIN {table} AS new USING (id)"
            " WHERE new.id IS NULL AND photos.id > ? AND revision > ? ORDER BY photos.id LIMIT ?",
            (after, since, limit),
        ).fetchall()

    def keep(self, photos: Sequence[EmbeddedPhoto]) -> None:
        """Store the new embeddings of photos. Skips photos that were removed or got another picture since.

        Raises:
            ReindexCancelled.
        """
        with self._database.transaction() as connection:
            table = embeddings_table(self._running_space(connection))
            stored = 0
            for photo in photos:
                stored += connection.execute(
                    f"{_insert_embedding('OR IGNORE', table)} SELECT ?, ?, ?, ? FROM photos"
                    " WHERE id = ? AND sha256 = ?",
                    (
                        *embedding_values(photo.photo_id, photo.embedding, photo.fault),
                        photo.photo_id,
                        photo.sha256,
                    ),
                ).rowcount
            update_reindex(connection, "done = done + ?", stored)

    def switch(self, since: int) -> bool:
        """Make the new space and its checkpoint the gallery's.

        Args:
            since: photos up to this revision are in the new space.

        Returns:
            False if the new space lacks a photo that was added after that revision; then nothing changes.

        Raises:
            ReindexCancelled.
        """
        with self._database.transaction() as connection:
            if self._stored.photos(self._missing(connection, since, 0, -1)):
                return False
            for key in ("model", "digest", "distance", "dim", "space"):
                value = fetch_one(connection, f"SELECT CAST({key} AS TEXT) FROM reindex")
                set_meta(connection, key, str(value))
            if (drawn := _is_drawn(connection, after_reindex=True)) != _is_drawn(connection):
                set_meta(connection, "drawn", str(drawn))
                set_meta(connection, "expand", str(not drawn))  # as for a new gallery
            set_meta(connection, "identity", uuid4().hex)
            next_revision(connection)
            update_reindex(connection, "state = 'done', total = done, ended = ?", _now())
            return True

    def fail(self, reason: str) -> None:
        """Mark a running reindex as failed. Its embeddings are kept, and it can be resumed."""
        with self._database.transaction() as connection:
            update_reindex(
                connection,
                "state = 'failed', error = ?, ended = ?",
                reason,
                _now(),
                where="state = 'running'",
            )

    def forget(self) -> None:
        """Delete the progress of the last reindex. An unfinished one starts again."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM reindex")

    def sweep(self) -> None:
        """Delete unused spaces, `STEP` rows in one transaction."""
        while True:
            with self._database.transaction() as connection:
                unused = sorted(set(all_spaces(connection)) - set(spaces_in_use(connection)))
                if not unused:
                    return
                table = embeddings_table(unused[0])
                if not connection.execute(
                    f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} LIMIT ?)", (STEP,)
                ).rowcount:
                    connection.execute(f"DROP TABLE {table}")

    def _running_space(self, connection: Connection) -> int:
        """Return the space that is being filled. Raises ReindexCancelled if the reindex was cancelled."""
        check_reindex(connection)
        row = connection.execute("SELECT space FROM reindex WHERE state = 'running'").fetchone()
        if row is None:
            raise ReindexCancelled(
                f"the reindex of gallery {self._database.name!r} was cancelled; the gallery is unchanged"
            )
        return int(row[0])


def _insert_embedding(on_conflict: str, table: str) -> str:
    """Return the start of a statement that inserts `embedding_values` into a space."""
    return f"INSERT {on_conflict} INTO {table} ({', '.join(EMBEDDING)}, checksum)"


def _faults(connection: Connection, space: int, limit: int) -> tuple[int, tuple[Fault, ...]]:
    """Return the number of faults of a space, and the first `limit` faults."""
    table = embeddings_table(space)
    count = int(fetch_one(connection, f"SELECT count(*) FROM {table} WHERE fault IS NOT NULL"))
    rows = connection.execute(
        f"SELECT id, fault, embedding IS NOT NULL FROM {table} WHERE fault IS NOT NULL ORDER BY id LIMIT ?",
        (limit,),
    )
    faults = (Fault(photo_id=row[0], reason=row[1], thumbnail=bool(row[2])) for row in rows)
    return count, tuple(faults)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _is_drawn(connection: Connection, *, after_reindex: bool = False) -> bool:
    """Whether the gallery has drawn pictures, or has them after its reindex. Earlier versions had none."""
    meta = read_meta(connection)
    present = meta.get("drawn", "False")
    return (meta.get(NEXT_DRAWN, present) if after_reindex else present) == "True"
