"""A reindex as rows of the gallery's file: the space that it fills beside the gallery's, and how far it is.

Whoever calls these holds the gallery's lock (`service.galleries.reindex.job`), but for `progress` and `cancel`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

import numpy as np

from service.embedding import Embedding
from service.errors import ReindexCancelled, ReindexNotFound
from service.galleries.database import (
    Connection,
    GalleryDatabase,
    embeddings,
    make_space,
    next_revision,
    one,
    revision,
    spaces_in_use,
)
from service.galleries.records import GallerySpec, Photo
from service.galleries.rows import COLUMNS, photo

STEP = 1_000
"""Rows that are copied or deleted in one transaction, between which others write."""

State = Literal["running", "done", "failed", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class EmbeddedPhoto:
    """What came of one photo: its embedding, `fault` where that is not of its picture; with no embedding, it had nothing to embed."""

    photo_id: int
    embedding: Embedding | None
    fault: str | None = None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A photo whose picture could not be embedded, and why; `thumbnail`: that was, instead."""

    photo_id: int
    reason: str
    thumbnail: bool


@dataclass(frozen=True, kw_only=True)
class ReindexProgress:
    """How far the last reindex of a gallery is, or came. `faults` are the first of `faulty`. Times are ISO 8601, UTC."""

    state: State
    model: str
    digest: str
    done: int
    total: int
    faulty: int
    faults: tuple[Fault, ...]
    error: str | None
    started: str
    ended: str | None


class ReindexRows:
    """Those of one gallery. Thread-safe."""

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database

    def progress(self, most: int = 100) -> ReindexProgress | None:
        """The last reindex, with at most so many of its faults; None where there was none."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT space, state, model, digest, done, total, error, started, ended FROM reindex"
            ).fetchone()
            if row is None:
                return None
            space, state, model, digest, done, total, error, started, ended = row
            faulty, faults = _faults(connection, space, most) if state != "cancelled" else (0, ())
            if state in {"running", "failed"}:
                total = one(connection, "SELECT count(*) FROM photos")
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
        """Marks the reindex that is under way, or was interrupted, as cancelled: whoever runs it stops. Raises ReindexNotFound."""
        with self._database.transaction() as connection:
            query = "UPDATE reindex SET state = 'cancelled', ended = ?, total = (SELECT count(*) FROM photos) WHERE state IN ('running', 'failed')"
            if not connection.execute(query, (_now(),)).rowcount:
                raise ReindexNotFound(f"no reindex of gallery {self._database.name!r} is under way")

    def begin(self, spec: GallerySpec, *, from_scratch: bool) -> bool:
        """Goes on with a reindex to the same checkpoint that was interrupted or failed, or begins one; `anew`, in any case.

        False where there is nothing to do: the gallery is of this checkpoint, and every photo embedded by its picture.
        """
        with self._database.transaction() as connection:
            job = connection.execute(
                "SELECT space, digest FROM reindex WHERE state IN ('running', 'failed')"
            ).fetchone()
            if job is not None and job[1] == spec.digest and not from_scratch:
                again = connection.execute(
                    f"DELETE FROM {embeddings(job[0])} WHERE fault IS NOT NULL"
                ).rowcount
                query = "UPDATE reindex SET state = 'running', error = NULL, ended = NULL, model = ?, started = ?, done = done - ?"
                connection.execute(query, (spec.model, _now(), again))
                return True
            present = int(one(connection, "SELECT value FROM meta WHERE key = 'space'"))
            takes_over = (
                not from_scratch
                and one(connection, "SELECT value FROM meta WHERE key = 'digest'") == spec.digest
            )
            named = (
                one(connection, "SELECT value FROM meta WHERE key = 'model'") == spec.model
            )  # the same weights may have another name
            needless = takes_over and named and not _faults(connection, present, 0)[0]
            space = present if needless else max(_spaces(connection)) + 1
            if not needless:
                make_space(connection, space)
            connection.execute("DELETE FROM reindex")
            connection.execute(
                "INSERT INTO reindex (one, space, model, digest, distance, dim, takes_over, state, done, total, started)"
                " VALUES (1, ?, ?, ?, ?, ?, ?, 'running', 0, 0, ?)",
                (space, spec.model, spec.digest, spec.distance, spec.dim, takes_over, _now()),
            )
            if needless:
                connection.execute(
                    "UPDATE reindex SET state = 'done', ended = started, done = (SELECT count(*) FROM photos), total = (SELECT count(*) FROM photos)"
                )
            return not needless

    def take_over(self, after: int) -> int | None:
        """Copies some of the gallery's sound embeddings with ids above `after`, where they are of the same checkpoint; the last one's id, None after all.

        Raises ReindexCancelled.
        """
        with self._database.transaction() as connection:
            space = self._running(connection)
            if not one(connection, "SELECT takes_over FROM reindex"):
                return None
            present = embeddings(int(one(connection, "SELECT value FROM meta WHERE key = 'space'")))
            rows = connection.execute(
                f"SELECT id FROM {present} WHERE id > ? AND fault IS NULL ORDER BY id LIMIT ?", (after, STEP)
            ).fetchall()
            if not rows:
                return None
            last = int(rows[-1][0])
            done = connection.execute(
                f"INSERT OR IGNORE INTO {embeddings(space)} SELECT * FROM {present} WHERE id > ? AND id <= ? AND fault IS NULL",
                (after, last),
            ).rowcount
            connection.execute("UPDATE reindex SET done = done + ?", (done,))
            return last

    def revision(self) -> int:
        """The present revision."""
        with self._database.reading() as connection:
            return revision(connection)

    def lacking(self, since: int, after: int, limit: int) -> list[Photo]:
        """Up to `limit` photos with ids above `after` that came after the revision `since` and are not in the new space, by id.

        Raises ReindexCancelled.
        """
        with self._database.reading() as connection:
            table = embeddings(self._running(connection))
            query = f"SELECT {COLUMNS} FROM photos LEFT JOIN {table} AS new USING (id) WHERE new.id IS NULL AND photos.id > ? AND revision > ?"
            return [
                photo(row)
                for row in connection.execute(f"{query} ORDER BY photos.id LIMIT ?", (after, since, limit))
            ]

    def keep(self, embedded: Sequence[EmbeddedPhoto]) -> None:
        """Keeps what came of some photos, of those that are still there. Raises ReindexCancelled."""
        with self._database.transaction() as connection:
            table = embeddings(self._running(connection))
            done = 0
            for each in embedded:
                blob = (
                    None if each.embedding is None else np.ascontiguousarray(each.embedding, "<f4").tobytes()
                )
                done += connection.execute(
                    f"INSERT OR IGNORE INTO {table} SELECT id, ?, ? FROM photos WHERE id = ?",
                    (blob, each.fault, each.photo_id),
                ).rowcount
            connection.execute("UPDATE reindex SET done = done + ?", (done,))

    def switch(self, since: int) -> bool:
        """Makes the new space the gallery's, with its checkpoint; False where a photo that came after the revision `since` is not in it.

        Raises ReindexCancelled.
        """
        with self._database.transaction() as connection:
            space = self._running(connection)
            query = f"SELECT 1 FROM photos LEFT JOIN {embeddings(space)} AS new USING (id) WHERE new.id IS NULL AND revision > ?"
            if connection.execute(f"{query} LIMIT 1", (since,)).fetchone() is not None:
                return False
            for key in ("model", "digest", "distance", "dim", "space"):
                connection.execute(
                    f"UPDATE meta SET value = (SELECT CAST({key} AS TEXT) FROM reindex) WHERE key = ?", (key,)
                )
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('identity', ?)", (uuid4().hex,))
            next_revision(connection)
            connection.execute("UPDATE reindex SET state = 'done', total = done, ended = ?", (_now(),))
            return True

    def fail(self, reason: str) -> None:
        """Notes why the reindex ended; what it has embedded is kept for another try."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE reindex SET state = 'failed', error = ?, ended = ? WHERE state = 'running'",
                (reason, _now()),
            )

    def sweep(self) -> None:
        """Drops the spaces that are nobody's, in steps, so that others can write meanwhile."""
        while True:
            with self._database.transaction() as connection:
                stale = sorted(set(_spaces(connection)) - set(spaces_in_use(connection)))
                if not stale:
                    return
                table = embeddings(stale[0])
                if not connection.execute(
                    f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} LIMIT ?)", (STEP,)
                ).rowcount:
                    connection.execute(f"DROP TABLE {table}")

    def _running(self, connection: Connection) -> int:
        """The space that is being filled. Raises ReindexCancelled where nobody wants that any more."""
        row = connection.execute("SELECT space FROM reindex WHERE state = 'running'").fetchone()
        if row is None:
            raise ReindexCancelled(
                f"the reindex of gallery {self._database.name!r} was cancelled; the gallery is as it was"
            )
        return int(row[0])


def _spaces(connection: Connection) -> list[int]:
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'embeddings_[0-9]*'"
    )
    return [int(name.removeprefix("embeddings_")) for (name,) in tables]


def _faults(connection: Connection, space: int, most: int) -> tuple[int, tuple[Fault, ...]]:
    """How many photos of a space are not embedded by their pictures, and the first of them."""
    table = embeddings(space)
    count = int(one(connection, f"SELECT count(*) FROM {table} WHERE fault IS NOT NULL"))
    rows = connection.execute(
        f"SELECT id, fault, embedding IS NOT NULL FROM {table} WHERE fault IS NOT NULL ORDER BY id LIMIT ?",
        (most,),
    )
    return count, tuple(
        Fault(photo_id=identity, reason=reason, thumbnail=bool(thumbnail))
        for identity, reason, thumbnail in rows
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
