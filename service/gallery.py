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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from service.errors import GalleryDamaged, GalleryNotFound, PhotoNotFound
from service.index import Index, Neighbour

DATABASE = "gallery.sqlite"
SCHEMA = 1
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
    """What a gallery is of; fixed when it is made. `dim` is the length of a flattened zs."""

    model: str
    digest: str
    domain: str
    distance: str
    dim: int
    credit: str | None = None


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
    """One gallery, opened. All methods are synchronous and thread-safe: each thread has its own connection."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._file = os.stat(folder / DATABASE).st_ino
        self.about = self._read_about()
        self.index = Index(folder / "index", self.about.dim, self.about.distance)

    # reading

    @property
    def count(self) -> int:
        """Number of photos."""
        return int(self._one("SELECT count(*) FROM photos")[0])

    def revision(self) -> int:
        """Raised by every change, by whichever process."""
        return int(self._one("SELECT value FROM meta WHERE key = 'revision'")[0])

    def photo(self, photo_id: int) -> Photo:
        """A photo by its id. Raises PhotoNotFound."""
        row = self._connection().execute(f"SELECT {_COLUMNS} FROM photos WHERE id = ?", (photo_id,)).fetchone()
        if row is None:
            raise PhotoNotFound(f"gallery {self.name!r} has no photo {photo_id}")
        return _photo(row)

    def page(self, after: int, limit: int) -> list[Photo]:
        """Up to `limit` photos with ids above `after`, by id."""
        rows = self._connection().execute(f"SELECT {_COLUMNS} FROM photos WHERE id > ? ORDER BY id LIMIT ?", (after, limit))
        return [_photo(row) for row in rows]

    def known(self, digests: Sequence[str]) -> dict[str, Photo]:
        """The photos that are here already, by the SHA-256 of their bytes."""
        found: dict[str, Photo] = {}
        for start in range(0, len(digests), 500):
            chunk = digests[start : start + 500]
            marks = ",".join("?" * len(chunk))
            for row in self._connection().execute(f"SELECT {_COLUMNS} FROM photos WHERE sha256 IN ({marks})", chunk):
                found[row[1]] = _photo(row)
        return found

    def vector(self, photo_id: int) -> Vector:
        """A photo's embedding [dim]. Raises PhotoNotFound."""
        row = self._connection().execute("SELECT embedding FROM photos WHERE id = ?", (photo_id,)).fetchone()
        if row is None:
            raise PhotoNotFound(f"gallery {self.name!r} has no photo {photo_id}")
        return np.frombuffer(row[0], "<f4")

    def search(self, vector: Vector, k: int) -> list[Hit]:
        """The k nearest photos, best first."""
        neighbours = self.index.search(vector, k, self._catch_up)
        photos = self._photos([neighbour.id for neighbour in neighbours])
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
        for photo in photos:
            _write(self._owned("thumbnails", photo.sha256, ".webp"), photo.thumbnail, durable=False)
            if photo.data is not None:
                _write(self._owned("photos", photo.sha256), photo.data, durable=True)
        with self._transaction() as connection:
            revision = self._next_revision(connection)
            for photo in photos:
                connection.execute(
                    "INSERT INTO photos (sha256, label, metadata, content_type, width, height, source, embedding, revision)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
                    (photo.sha256, photo.label, json.dumps(photo.metadata), photo.content_type, photo.width, photo.height,
                     photo.source, np.ascontiguousarray(photo.embedding, "<f4").tobytes(), revision),
                )  # fmt: skip
        kept = self.known([photo.sha256 for photo in photos])
        return [kept[photo.sha256] for photo in photos if photo.sha256 in kept]

    def remove(self, photo_id: int) -> None:
        """Removes a photo. Raises PhotoNotFound."""
        photo = self.photo(photo_id)
        with self._transaction() as connection:
            revision = self._next_revision(connection)
            if connection.execute("DELETE FROM photos WHERE id = ?", (photo_id,)).rowcount:
                connection.execute("INSERT INTO removals VALUES (?, ?)", (photo_id, revision))
        if photo.source is None:
            self._owned("photos", photo.sha256).unlink(missing_ok=True)
        self.thumbnail_path(photo).unlink(missing_ok=True)

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
        self.index.save(self._catch_up)

    def close(self) -> None:
        """Closes every thread's connection, and ends what the index is about."""
        self.index.close()
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def _catch_up(self, since: int) -> tuple[int, list[tuple[int, Vector]], list[int]]:
        """The present revision, and the photos added and ids removed after `since`; one consistent reading."""
        connection = self._connection()
        if self.revision() == since:
            return since, [], []
        connection.execute("BEGIN")
        try:
            added = connection.execute("SELECT id, embedding FROM photos WHERE revision > ? ORDER BY id", (since,)).fetchall()
            removed = connection.execute("SELECT id FROM removals WHERE revision > ?", (since,)).fetchall()
            revision = self.revision()
        finally:
            connection.execute("COMMIT")
        return revision, [(int(row[0]), np.frombuffer(row[1], "<f4")) for row in added], [int(row[0]) for row in removed]

    def _photos(self, ids: Sequence[int]) -> dict[int, Photo]:
        found: dict[int, Photo] = {}
        for start in range(0, len(ids), 500):
            chunk = ids[start : start + 500]
            marks = ",".join("?" * len(chunk))
            for row in self._connection().execute(f"SELECT {_COLUMNS} FROM photos WHERE id IN ({marks})", chunk):
                found[row[0]] = _photo(row)
        return found

    def _owned(self, kind: str, sha256: str, suffix: str = "") -> Path:
        return self.folder / kind / sha256[:2] / f"{sha256}{suffix}"

    def _read_about(self) -> About:
        try:
            version = int(self._one("PRAGMA user_version")[0])
            facts: dict[str, str] = dict(self._connection().execute("SELECT key, value FROM meta"))
            if version != SCHEMA:
                raise GalleryDamaged(f"gallery {self.name!r} was written by another version (schema {version}, this is {SCHEMA})")
            return About(
                model=facts["model"], digest=facts["digest"], domain=facts["domain"], distance=facts["distance"],
                dim=int(facts["dim"]), credit=facts.get("credit"),
            )  # fmt: skip
        except (sqlite3.DatabaseError, KeyError, ValueError) as error:
            raise GalleryDamaged(f"gallery {self.name!r} cannot be read ({error}); restore its gallery.sqlite or delete its folder") from error

    def _one(self, query: str) -> tuple[str | int, ...]:
        row: tuple[str | int, ...] = self._connection().execute(query).fetchone()
        return row

    @staticmethod
    def _next_revision(connection: sqlite3.Connection) -> int:
        row = connection.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'revision' RETURNING value").fetchone()
        return int(row[0])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        with self._writing:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            if not (self.folder / DATABASE).is_file():
                raise GalleryNotFound(f"there is no gallery {self.name!r}")
            connection = sqlite3.connect(self.folder / DATABASE, isolation_level=None, timeout=10, check_same_thread=False)
            connection.execute("PRAGMA synchronous=FULL")
            self._local.connection = connection
            with self._lock:
                self._connections.append(connection)
        return connection


_COLUMNS = "id, sha256, label, metadata, content_type, width, height, source"
_Row = tuple[int, str, str | None, str, str, int, int, str | None]


def _photo(row: _Row) -> Photo:
    identity, sha256, label, metadata, content_type, width, height, source = row
    return Photo(id=identity, sha256=sha256, label=label, metadata=json.loads(metadata), content_type=content_type, width=width, height=height, source=source)


def _write(path: Path, data: bytes, *, durable: bool) -> None:
    """Beside, then renamed; with `durable`, synced to disk before and after."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
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
