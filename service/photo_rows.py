"""The SQLite file of a gallery, its truth: what is committed is on disk, and read by any thread and process.

The rest of the product sees photos, never SQL. Each change raises `revision`, by which indexes catch up.
"""

import json
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np

from service.errors import GalleryDamaged, GalleryNotFound, PhotoNotFound
from service.photos import About, NewPhoto, Photo, Vector

DATABASE = "gallery.sqlite"
SCHEMA = 1
CONNECTIONS = 4
"""Connections to a gallery's file at most; each has two files open. Who finds none free waits for one."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE photos (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL UNIQUE,
    label TEXT,
    metadata TEXT NOT NULL,
    content_type TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    source TEXT,
    embedding BLOB NOT NULL,
    revision INTEGER NOT NULL
);
CREATE INDEX photos_by_revision ON photos (revision);
CREATE TABLE removals (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL);
"""


def write_schema(path: Path, about: About) -> None:
    """Makes an empty gallery's file."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(_TABLES)
        facts = {key: str(value) for key, value in vars(about).items() if value is not None} | {"revision": "0"}
        connection.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
        connection.execute(f"PRAGMA user_version={SCHEMA}")
        connection.commit()
    finally:
        connection.close()


class PhotoRows:
    """The file of the gallery in `folder`, opened. Thread-safe; what it raises once the gallery was deleted is GalleryNotFound.

    Connections are lent to one thread at a time; they are closed with the last use.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self._idle: list[sqlite3.Connection] = []
        weakref.finalize(self, _close, self._idle)
        self._places = threading.Semaphore(CONNECTIONS)
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        try:
            self._file = os.stat(folder / DATABASE).st_ino
        except (FileNotFoundError, NotADirectoryError):
            raise self._not_there() from None

    # reading

    def about(self) -> About:
        """What the gallery is of. Raises GalleryDamaged."""
        try:
            with self._connection() as connection:
                version = int(_one(connection, "PRAGMA user_version"))
                facts: dict[str, str] = dict(connection.execute("SELECT key, value FROM meta"))
            if version != SCHEMA:
                raise GalleryDamaged(f"gallery {self.name!r} was written by another version (schema {version}, this is {SCHEMA})")
            return About(
                model=facts["model"], digest=facts["digest"], domain=facts["domain"], distance=facts["distance"],
                dim=int(facts["dim"]), credit=facts.get("credit"), identity=facts.get("identity", ""),
            )  # fmt: skip
        except (sqlite3.Error, KeyError, ValueError) as error:
            raise self._damaged(error) from error

    def count(self) -> int:
        """Number of photos."""
        with self._connection() as connection:
            return int(_one(connection, "SELECT count(*) FROM photos"))

    def photo(self, photo_id: int) -> Photo:
        """A photo by its id. Raises PhotoNotFound."""
        with self._connection() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM photos WHERE id = ?", (photo_id,)).fetchone()
        if row is None:
            raise self.no_photo(photo_id)
        return _photo(row)

    def page(self, after: int, limit: int) -> list[Photo]:
        """Up to `limit` photos with ids above `after`, by id."""
        with self._connection() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM photos WHERE id > ? ORDER BY id LIMIT ?", (after, limit)).fetchall()
        return [_photo(row) for row in rows]

    def having(self, column: Literal["id", "sha256"], values: Sequence[int | str]) -> list[Photo]:
        """The photos that have one of the values."""
        with self._connection() as connection:
            return _photos(connection, column, values)

    def vector(self, photo_id: int) -> Vector:
        """A photo's embedding [dim]. Raises PhotoNotFound."""
        with self._connection() as connection:
            row = connection.execute("SELECT embedding FROM photos WHERE id = ?", (photo_id,)).fetchone()
        if row is None:
            raise self.no_photo(photo_id)
        return np.frombuffer(row[0], "<f4")

    def vectors(self, ids: Sequence[int]) -> dict[int, Vector]:
        """Embeddings of the photos with these ids that are here."""
        with self._connection() as connection:
            rows = connection.execute(f"SELECT id, embedding FROM photos WHERE id IN ({','.join('?' * len(ids))})", list(ids)).fetchall()
        return {identity: np.frombuffer(embedding, "<f4") for identity, embedding in rows}

    def changes(self, since: int) -> tuple[int, list[tuple[int, Vector]], list[int]]:
        """The present revision, and the photos added and ids removed after `since`; one consistent reading."""
        with self._connection() as connection:
            if _revision(connection) == since:
                return since, [], []
            connection.execute("BEGIN")
            added = connection.execute("SELECT id, embedding FROM photos WHERE revision > ? ORDER BY id", (since,)).fetchall()
            removed = connection.execute("SELECT id FROM removals WHERE revision > ?", (since,)).fetchall()
            revision = _revision(connection)
            connection.execute("COMMIT")
        return revision, [(int(row[0]), np.frombuffer(row[1], "<f4")) for row in added], [int(row[0]) for row in removed]

    # writing

    @contextmanager
    def transaction(self) -> Iterator["Changing"]:
        """Writes, all or nothing, of one thread at a time in all processes; until it ends the gallery is not deleted."""
        with self._writing, self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            if not self.still_there():
                raise self._not_there()
            yield Changing(connection)
            connection.execute("COMMIT")

    def move(self, to: Path) -> None:
        """Moves the folder away, while nobody writes and nobody opens a file in it."""
        with self.transaction(), self._lock:
            self.folder.rename(to)

    # housekeeping

    def still_there(self) -> bool:
        """Whether this is still the gallery of its name: not deleted, nor deleted and made anew."""
        try:
            return os.stat(self.folder / DATABASE).st_ino == self._file
        except OSError:
            return False

    @contextmanager
    def there(self) -> Iterator[None]:
        """For what needs the gallery's folder: where it was deleted before or meanwhile, that is what is raised."""
        if not self.still_there():
            raise self._not_there()
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if not self.still_there():
                raise self._not_there() from error
            if type(error) is sqlite3.DatabaseError:  # its subclasses are of other things, such as a full disk
                raise self._damaged(error) from error
            raise

    def close(self) -> None:
        """Closes what nobody uses."""
        with self._lock:
            _close(self._idle)

    def no_photo(self, photo_id: int) -> PhotoNotFound:
        """What to raise for an id that is none."""
        return PhotoNotFound(f"gallery {self.name!r} has no photo {photo_id}")

    def _not_there(self) -> GalleryNotFound:
        return GalleryNotFound(f"there is no gallery {self.name!r}")

    def _damaged(self, error: Exception) -> GalleryDamaged:
        return GalleryDamaged(f"gallery {self.name!r} cannot be read ({error}); where that lasts, restore its gallery.sqlite or delete it")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for the calling thread alone, which must not ask for another meanwhile; what it has begun and not
        committed is undone."""
        with self.there(), self._places:
            with self._lock:
                connection = self._idle.pop() if self._idle else self._connected()
            try:
                yield connection
            finally:
                connection.rollback()
                with self._lock:
                    self._idle.append(connection)

    def _connected(self) -> sqlite3.Connection:
        """Another connection, for who holds the lock: no other thread moves the folder before SQLite has all files open."""
        uri = f"{(self.folder / DATABASE).absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous=FULL")
            if not self.still_there():
                raise self._not_there()
        except BaseException:
            connection.close()
            raise
        return connection


class Changing:
    """What a transaction may do."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def insert(self, photos: Sequence[NewPhoto]) -> dict[str, Photo]:
        """Adds those that are not there yet; returns all of them as they are kept, by SHA-256."""
        revision = _next_revision(self._connection)
        for photo in photos:
            self._connection.execute(
                "INSERT INTO photos (sha256, label, metadata, content_type, width, height, source, embedding, revision)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
                (photo.sha256, photo.label, json.dumps(photo.metadata), photo.content_type, photo.width, photo.height,
                 photo.source, np.ascontiguousarray(photo.embedding, "<f4").tobytes(), revision),
            )  # fmt: skip
        return {photo.sha256: photo for photo in _photos(self._connection, "sha256", [photo.sha256 for photo in photos])}

    def delete(self, photo_id: int) -> str | None:
        """Removes a photo; returns its SHA-256, or None where there is no such photo."""
        row = self._connection.execute("DELETE FROM photos WHERE id = ? RETURNING sha256", (photo_id,)).fetchone()
        if row is None:
            return None
        self._connection.execute("INSERT INTO removals VALUES (?, ?)", (photo_id, _next_revision(self._connection)))
        return str(row[0])

    def has(self, sha256: str) -> bool:
        """Whether a photo has this SHA-256."""
        return bool(_photos(self._connection, "sha256", [sha256]))

    def set_credit(self, credit: str) -> None:
        """The line that names whose pictures these are."""
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES ('credit', ?)", (credit,))


def _close(idle: list[sqlite3.Connection]) -> None:
    while idle:
        idle.pop().close()


def _one(connection: sqlite3.Connection, query: str) -> str | int:
    value: str | int = connection.execute(query).fetchone()[0]
    return value


def _revision(connection: sqlite3.Connection) -> int:
    return int(_one(connection, "SELECT value FROM meta WHERE key = 'revision'"))


def _next_revision(connection: sqlite3.Connection) -> int:
    return int(_one(connection, "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'revision' RETURNING value"))


def _photos(connection: sqlite3.Connection, column: Literal["id", "sha256"], values: Sequence[int | str]) -> list[Photo]:
    """The photos that have one of the values."""
    found: list[Photo] = []
    for start in range(0, len(values), 500):
        chunk = values[start : start + 500]
        marks = ",".join("?" * len(chunk))
        found += map(_photo, connection.execute(f"SELECT {_COLUMNS} FROM photos WHERE {column} IN ({marks})", chunk))
    return found


_COLUMNS = "id, sha256, label, metadata, content_type, width, height, source"
_Row = tuple[int, str, str | None, str, str, int, int, str | None]


def _photo(row: _Row) -> Photo:
    identity, sha256, label, metadata, content_type, width, height, source = row
    return Photo(id=identity, sha256=sha256, label=label, metadata=json.loads(metadata), content_type=content_type, width=width, height=height, source=source)
