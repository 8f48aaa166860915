"""The SQLite file of a gallery, its truth: what is committed is on disk, and read by any thread and process.

Embeddings lie beside the photos, in a table of their own for each space: those of one checkpoint. Which of them is the
gallery's is one row of `meta`; so a gallery changes its checkpoint in one short transaction, however many photos it has.
"""

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.errors import GalleryDamaged, GalleryNotFound, GalleryReindexed
from service.galleries.records import GallerySpec

Connection = sqlite3.Connection

DATABASE = "gallery.sqlite"
SCHEMA = 2
"""1 had the embeddings among the photos; it is brought to 2 when it is opened."""
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
    revision INTEGER NOT NULL
);
CREATE INDEX photos_by_revision ON photos (revision);
CREATE TABLE removals (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL);
"""
_REINDEX = """
CREATE TABLE reindex (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    space INTEGER NOT NULL,
    model TEXT NOT NULL,
    digest TEXT NOT NULL,
    distance TEXT NOT NULL,
    dim INTEGER NOT NULL,
    takes_over INTEGER NOT NULL,
    state TEXT NOT NULL,
    error TEXT,
    done INTEGER NOT NULL,
    total INTEGER NOT NULL,
    started TEXT NOT NULL,
    ended TEXT
)"""


def embeddings(space: int) -> str:
    """The table of one space: a photo's embedding, and the fault of its picture; with nothing to embed, a fault alone."""
    return f"embeddings_{space}"


def make_space(connection: Connection, space: int) -> None:
    """Makes the empty table of a space."""
    table = embeddings(space)
    connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, embedding BLOB, fault TEXT)")
    connection.execute(f"CREATE INDEX {table}_faults ON {table} (id) WHERE fault IS NOT NULL")


def write_schema(path: Path, spec: GallerySpec) -> None:
    """Makes an empty gallery's file."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(_TABLES)
        connection.execute(_REINDEX)
        make_space(connection, 1)
        facts = {key: str(value) for key, value in vars(spec).items() if value is not None} | {
            "revision": "0",
            "space": "1",
        }
        connection.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
        connection.execute(f"PRAGMA user_version={SCHEMA}")
        connection.commit()
    finally:
        connection.close()


class GalleryDatabase:
    """The file of the gallery in `folder`, opened in its present space. Thread-safe.

    Connections are lent to one thread at a time; they are closed with the last use.

    Raises:
        GalleryNotFound: there is none; also whatever is done with it, once the gallery was deleted.
        GalleryDamaged: it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self._idle: list[Connection] = []
        weakref.finalize(self, _close, self._idle)
        self._places = threading.Semaphore(CONNECTIONS)
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        try:
            self._inode = os.stat(folder / DATABASE).st_ino
        except (FileNotFoundError, NotADirectoryError):
            raise self._not_there() from None
        self.spec, self.space = self._facts()
        self.embeddings = embeddings(self.space)

    @contextmanager
    def reading(self, *, of_space: bool = False) -> Iterator[Connection]:
        """One consistent reading; `of_space`, one of this space's embeddings, which raises GalleryReindexed where that is no longer the gallery's."""
        with self._connection() as connection:
            connection.execute("BEGIN")
            if of_space:
                self.check_space(connection)
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Writes, all or nothing, of one thread at a time in all processes; until it ends the gallery is not deleted."""
        with self._writing, self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            if not self.exists():
                raise self._not_there()
            yield connection
            connection.execute("COMMIT")

    def check_space(self, connection: Connection) -> None:
        """Raises GalleryReindexed where the gallery has another space now than when it was opened."""
        if int(one(connection, "SELECT value FROM meta WHERE key = 'space'")) != self.space:
            raise GalleryReindexed(f"gallery {self.name!r} was embedded anew meanwhile; do this again")

    def reindexed(self) -> bool:
        """Whether the gallery has another space now than when it was opened."""
        with self._connection() as connection:
            return int(one(connection, "SELECT value FROM meta WHERE key = 'space'")) != self.space

    def exists(self) -> bool:
        """Whether this is still the gallery of its name: not deleted, nor deleted and made anew."""
        try:
            return os.stat(self.folder / DATABASE).st_ino == self._inode
        except OSError:
            return False

    @contextmanager
    def guard_against_deletion(self) -> Iterator[None]:
        """For what needs the gallery's folder: where it was deleted before or meanwhile, that is what is raised."""
        if not self.exists():
            raise self._not_there()
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if not self.exists():
                raise self._not_there() from error
            if (
                type(error) is sqlite3.DatabaseError
            ):  # its subclasses are of other things, such as a full disk
                raise self._damaged(error) from error
            raise

    def move(self, to: Path) -> None:
        """Moves the folder away, while nobody writes and nobody opens a file in it."""
        with self.transaction(), self._lock:
            self.folder.rename(to)

    def close(self) -> None:
        """Closes what nobody uses."""
        with self._lock:
            _close(self._idle)

    def _facts(self) -> tuple[GallerySpec, int]:
        try:
            with self._connection() as connection:
                if one(connection, "PRAGMA user_version") == 1:
                    _take_embeddings_out(connection)
                version = int(one(connection, "PRAGMA user_version"))
                facts: dict[str, str] = dict(connection.execute("SELECT key, value FROM meta"))
            if version != SCHEMA:
                raise GalleryDamaged(
                    f"gallery {self.name!r} was written by another version (schema {version}, this is {SCHEMA})"
                )
            spec = GallerySpec(
                model=facts["model"],
                digest=facts["digest"],
                domain=facts["domain"],
                distance=facts["distance"],
                dim=int(facts["dim"]),
                credit=facts.get("credit"),
                identity=facts.get("identity", ""),
            )
            return spec, int(facts["space"])
        except (sqlite3.Error, KeyError, ValueError) as error:
            raise self._damaged(error) from error

    def _not_there(self) -> GalleryNotFound:
        return GalleryNotFound(f"there is no gallery {self.name!r}")

    def _damaged(self, error: Exception) -> GalleryDamaged:
        return GalleryDamaged(
            f"gallery {self.name!r} cannot be read ({error}); where that lasts, restore its gallery.sqlite or delete it"
        )

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """A connection for the calling thread alone, which must not ask for another meanwhile; what it has begun and not
        committed is undone."""
        with self.guard_against_deletion(), self._places:
            with self._lock:
                connection = self._idle.pop() if self._idle else self._connected()
            try:
                yield connection
            finally:
                connection.rollback()
                with self._lock:
                    self._idle.append(connection)

    def _connected(self) -> Connection:
        """Another connection, for who holds the lock: no other thread moves the folder before SQLite has all files open."""
        uri = f"{(self.folder / DATABASE).absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous=FULL")
            if not self.exists():
                raise self._not_there()
        except BaseException:
            connection.close()
            raise
        return connection


def one(connection: Connection, query: str, *values: int | str) -> str | int:
    """What a query of one row and one column gives."""
    value: str | int = connection.execute(query, values).fetchone()[0]
    return value


def revision(connection: Connection) -> int:
    """The present revision."""
    return int(one(connection, "SELECT value FROM meta WHERE key = 'revision'"))


def next_revision(connection: Connection) -> int:
    """Raises the revision, by which indexes catch up."""
    return int(
        one(
            connection,
            "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'revision' RETURNING value",
        )
    )


def spaces_in_use(connection: Connection) -> list[int]:
    """The gallery's space, and the one that a reindex fills."""
    rows = connection.execute(
        "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'space' UNION SELECT space FROM reindex WHERE state IN ('running', 'failed')"
    )
    return [int(row[0]) for row in rows]


def _take_embeddings_out(connection: Connection) -> None:
    """Brings a file of schema 1 to schema 2, unless another process was first."""
    connection.execute("BEGIN IMMEDIATE")
    if one(connection, "PRAGMA user_version") == 1:
        connection.execute(_REINDEX)
        make_space(connection, 1)
        connection.execute("INSERT INTO embeddings_1 SELECT id, embedding, NULL FROM photos")
        connection.execute("ALTER TABLE photos DROP COLUMN embedding")
        connection.execute("INSERT INTO meta VALUES ('space', '1')")
        connection.execute(f"PRAGMA user_version={SCHEMA}")
    connection.execute("COMMIT")


def _close(idle: list[Connection]) -> None:
    while idle:
        idle.pop().close()
