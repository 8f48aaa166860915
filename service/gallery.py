"""A gallery: photos of one domain, embedded by one checkpoint. The truth is a SQLite file; the index derives from it.

    <name>/gallery.sqlite                 rows: what is acknowledged is committed with synchronous=FULL
    <name>/photos/ab/abcd...              uploaded pictures by content, durable before their row is
    <name>/thumbnails/ab/abcd....webp     small pictures; remade when lost
    <name>/index/                         FAISS, derived (`service.index`)

Several processes may write one gallery: each change raises `revision`, by which the others' indexes catch up.
"""

import json
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from service.errors import GalleryDamaged, GalleryNotFound, PhotoNotFound
from service.index import Index, Neighbour

DATABASE = "gallery.sqlite"
SCHEMA = 1
CONNECTIONS = 4
"""Connections to a gallery's file at most; each has two files open. Who finds none free waits for one."""
Vector = NDArray[np.float32]

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


@dataclass(frozen=True, kw_only=True)
class About:
    """What a gallery is of; fixed when it is made. `dim` is the length of a flattened zs, `identity` tells it from another of its name."""

    model: str
    digest: str
    domain: str
    distance: str
    dim: int
    credit: str | None = None
    identity: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True, kw_only=True)
class NewPhoto:
    """A photo to add: `data` to keep its bytes, or `source` to refer to a file where it lies."""

    sha256: str
    embedding: Vector
    content_type: str
    width: int
    height: int
    thumbnail: bytes
    data: bytes | None = None
    source: str | None = None
    label: str | None = None
    metadata: dict[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A photo as it is kept."""

    id: int
    sha256: str
    label: str | None
    metadata: dict[str, JsonValue]
    content_type: str
    width: int
    height: int
    source: str | None


@dataclass(frozen=True)
class Hit:
    """A photo and how near it is: the cosine, or 1 / (1 + L2 distance)."""

    photo: Photo
    score: float


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


class Gallery:
    """One gallery, opened. All methods are synchronous and thread-safe, and raise GalleryNotFound once it was deleted.

    Whoever opens and drops galleries need not know who uses them: the files are closed with the last use.
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
        self.about = self._read_about()
        self.index = Index(folder / "index", self.about.dim, self.about.distance, self.about.identity)
        weakref.finalize(self, self.index.close)

    # reading

    @property
    def count(self) -> int:
        """Number of photos."""
        with self._connection() as connection:
            return int(_one(connection, "SELECT count(*) FROM photos"))

    def photo(self, photo_id: int) -> Photo:
        """A photo by its id. Raises PhotoNotFound."""
        with self._connection() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM photos WHERE id = ?", (photo_id,)).fetchone()
        if row is None:
            raise self._no_photo(photo_id)
        return _photo(row)

    def page(self, after: int, limit: int) -> list[Photo]:
        """Up to `limit` photos with ids above `after`, by id."""
        with self._connection() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM photos WHERE id > ? ORDER BY id LIMIT ?", (after, limit)).fetchall()
        return [_photo(row) for row in rows]

    def known(self, digests: Sequence[str]) -> dict[str, Photo]:
        """The photos that are here already, by the SHA-256 of their bytes."""
        with self._connection() as connection:
            return {photo.sha256: photo for photo in _photos(connection, "sha256", digests)}

    def vector(self, photo_id: int) -> Vector:
        """A photo's embedding [dim]. Raises PhotoNotFound."""
        with self._connection() as connection:
            row = connection.execute("SELECT embedding FROM photos WHERE id = ?", (photo_id,)).fetchone()
        if row is None:
            raise self._no_photo(photo_id)
        return np.frombuffer(row[0], "<f4")

    def search(self, vector: Vector, k: int) -> list[Hit]:
        """The k nearest photos, best first."""
        neighbours = self.index.search(vector, k, self._catch_up)
        with self._connection() as connection:
            photos = {photo.id: photo for photo in _photos(connection, "id", [neighbour.id for neighbour in neighbours])}
        return [Hit(photos[neighbour.id], neighbour.score) for neighbour in neighbours if neighbour.id in photos]

    def picture_path(self, photo: Photo) -> Path:
        """Where a photo's full picture lies. Raises PhotoNotFound when a file that it refers to is gone."""
        path = self._owned("photos", photo.sha256) if photo.source is None else Path(photo.source)
        if not path.is_file():
            raise PhotoNotFound(f"the file of photo {photo.id} is no longer where it was indexed; its thumbnail remains")
        return path

    def thumbnail_path(self, photo: Photo) -> Path:
        """Where a photo's thumbnail lies, or would."""
        return self._owned("thumbnails", photo.sha256, ".webp")

    # writing

    def add(self, photos: Sequence[NewPhoto]) -> list[Photo]:
        """Adds photos, all or none, durably: when this returns they are on disk. The same bytes are one photo, and
        the photo that was here first keeps its label and metadata."""
        with self._there():
            self._write_files(photos)
        with self._transaction() as connection:
            self._write_files(photos)  # again, those that a removal has taken since
            revision = _next_revision(connection)
            for photo in photos:
                connection.execute(
                    "INSERT INTO photos (sha256, label, metadata, content_type, width, height, source, embedding, revision)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
                    (photo.sha256, photo.label, json.dumps(photo.metadata), photo.content_type, photo.width, photo.height,
                     photo.source, np.ascontiguousarray(photo.embedding, "<f4").tobytes(), revision),
                )  # fmt: skip
            kept = {photo.sha256: photo for photo in _photos(connection, "sha256", [photo.sha256 for photo in photos])}
        return [kept[photo.sha256] for photo in photos]

    def remove(self, photo_id: int) -> None:
        """Removes a photo. Raises PhotoNotFound."""
        with self._transaction() as connection:
            row = connection.execute("DELETE FROM photos WHERE id = ? RETURNING sha256", (photo_id,)).fetchone()
            if row is None:
                raise self._no_photo(photo_id)
            connection.execute("INSERT INTO removals VALUES (?, ?)", (photo_id, _next_revision(connection)))
        with self._transaction() as connection:  # its files only now: were it killed before the commit, the photo would have none
            if not _photos(connection, "sha256", [row[0]]):
                self._owned("photos", row[0]).unlink(missing_ok=True)
                self._owned("thumbnails", row[0], ".webp").unlink(missing_ok=True)

    def set_credit(self, credit: str) -> None:
        """The line that names whose pictures these are."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('credit', ?)", (credit,))
        self.about = self._read_about()

    # housekeeping

    def still_there(self) -> bool:
        """Whether this is still the gallery of its name: not deleted, nor deleted and made anew."""
        try:
            return os.stat(self.folder / DATABASE).st_ino == self._file
        except OSError:
            return False

    def save_index(self) -> None:
        """Writes the index as it is now, so that the next start need not rebuild it."""
        with self._there():
            self.index.save(self._catch_up)

    def move(self, to: Path) -> None:
        """Moves the folder away, while nobody writes; for all who have it open, here and elsewhere, it is deleted then."""
        with self._transaction(), self._lock:
            self.folder.rename(to)
        self.close()

    def close(self) -> None:
        """Closes what nobody uses and ends what the index is about. A use that is under way is not disturbed."""
        self.index.close()
        with self._lock:
            _close(self._idle)

    def _catch_up(self, since: int) -> tuple[int, list[tuple[int, Vector]], list[int]]:
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

    def _write_files(self, photos: Sequence[NewPhoto]) -> None:
        for photo in photos:
            _write(self._owned("thumbnails", photo.sha256, ".webp"), photo.thumbnail, durable=False)
            if photo.data is not None:
                _write(self._owned("photos", photo.sha256), photo.data, durable=True)

    def _owned(self, kind: str, sha256: str, suffix: str = "") -> Path:
        return self.folder / kind / sha256[:2] / f"{sha256}{suffix}"

    def _read_about(self) -> About:
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

    def _not_there(self) -> GalleryNotFound:
        return GalleryNotFound(f"there is no gallery {self.name!r}")

    def _no_photo(self, photo_id: int) -> PhotoNotFound:
        return PhotoNotFound(f"gallery {self.name!r} has no photo {photo_id}")

    def _damaged(self, error: Exception) -> GalleryDamaged:
        return GalleryDamaged(f"gallery {self.name!r} cannot be read ({error}); where that lasts, restore its gallery.sqlite or delete it")

    @contextmanager
    def _there(self) -> Iterator[None]:
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

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Writes, all or nothing, of one thread at a time in all processes; until it ends the gallery is not deleted."""
        with self._writing, self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            if not self.still_there():
                raise self._not_there()
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for the calling thread alone, which must not ask for another meanwhile; what it has begun and not
        committed is undone."""
        with self._there(), self._places:
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


def _write(path: Path, data: bytes, *, durable: bool) -> None:
    """Beside, then renamed; with `durable`, synced to disk before and after. Makes two folders, but not the gallery's."""
    if path.exists():
        return
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    with beside.open("wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    beside.replace(path)
    if durable:
        for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
            descriptor = os.open(folder, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


__all__ = ["About", "Gallery", "Hit", "Neighbour", "NewPhoto", "Photo", "write_schema"]
