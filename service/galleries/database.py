"""The SQLite file of one gallery: connections, transactions, and detection of a deleted gallery.

The file is the source of truth. A committed transaction is on disk, visible to all threads and processes.
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
from service.galleries.schema import (
    SCHEMA,
    Connection,
    current_space,
    embeddings_table,
    fetch_one,
    migrate,
)

DATABASE = "gallery.sqlite"
CONNECTIONS = 4
"""Maximum number of connections to one gallery's file. If all are in use, a thread waits for one. Each
connection has two files open."""
BUSY_SECONDS = 10
"""Seconds that a transaction waits for another process to finish its own."""


class GalleryDatabase:
    """The database of the gallery in `folder`. Thread-safe.

    It reads and writes the embeddings that the gallery had when this object was created. A connection is used
    by one thread at a time. All connections are closed when this object is no longer used.

    Raises:
        GalleryNotFound: the gallery does not exist. All methods raise this once the gallery is deleted.
        GalleryDamaged: the file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self._idle: list[Connection] = []
        weakref.finalize(self, _close, self._idle)
        self._slots = threading.Semaphore(CONNECTIONS)
        self._lock = threading.Lock()  # guards _idle, and the folder while files in it are opened
        self._writing = threading.Lock()
        try:
            self._inode = os.stat(folder / DATABASE).st_ino
        except (FileNotFoundError, NotADirectoryError):
            raise self._not_found() from None
        self.spec, self.space = self._read_meta()
        self.embeddings = embeddings_table(self.space)

    @contextmanager
    def reading(self, *, embeddings: bool = False) -> Iterator[Connection]:
        """Open a read transaction.

        Args:
            embeddings: whether the block reads embeddings.

        Raises:
            GalleryReindexed: with `embeddings`, if the gallery was re-embedded since it was opened.
        """
        with self._connection() as connection:
            connection.execute("BEGIN")
            if embeddings:
                self.check_space(connection)
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a write transaction, one at a time over all threads and processes.

        It is rolled back if its block raises. The gallery cannot be deleted before it ends.
        """
        with self._writing, self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            if not self.exists():
                raise self._not_found()
            yield connection
            connection.execute("COMMIT")

    def check_space(self, connection: Connection) -> None:
        """Raise GalleryReindexed if the gallery was re-embedded since it was opened."""
        if current_space(connection) != self.space:
            raise GalleryReindexed(f"gallery {self.name!r} was re-embedded during the request; try again")

    def reindexed(self) -> bool:
        """Return whether the gallery was re-embedded since it was opened."""
        with self._connection() as connection:
            return current_space(connection) != self.space

    def exists(self) -> bool:
        """Return whether the gallery still exists. False if another gallery has its name now."""
        try:
            return os.stat(self.folder / DATABASE).st_ino == self._inode
        except OSError:
            return False

    @contextmanager
    def guard_against_deletion(self) -> Iterator[None]:
        """Raise GalleryNotFound if the gallery is deleted before or during a block that uses its folder."""
        if not self.exists():
            raise self._not_found()
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if not self.exists():
                raise self._not_found() from error
            if type(error) is sqlite3.DatabaseError:  # its subclasses have other causes, such as a full disk
                raise self._damaged(error) from error
            raise

    def move(self, to: Path) -> None:
        """Move the gallery's folder. No thread writes or opens a file in it at that moment."""
        with self.transaction(), self._lock:
            self.folder.rename(to)

    def close(self) -> None:
        """Close all connections that are not in use."""
        with self._lock:
            _close(self._idle)

    def _read_meta(self) -> tuple[GallerySpec, int]:
        try:
            with self._connection() as connection:
                migrate(connection)
                version = int(fetch_one(connection, "PRAGMA user_version"))
                meta: dict[str, str] = dict(connection.execute("SELECT key, value FROM meta"))
            if version != SCHEMA:
                raise GalleryDamaged(
                    f"gallery {self.name!r} was written by another version"
                    f" (schema {version}, this version reads {SCHEMA}); upgrade, or create the gallery again"
                )
            spec = GallerySpec(
                model=meta["model"],
                digest=meta["digest"],
                domain=meta["domain"],
                distance=meta["distance"],
                dim=int(meta["dim"]),
                credit=meta.get("credit"),
                identity=meta.get("identity", ""),
            )
            return spec, int(meta["space"])
        except (sqlite3.Error, KeyError, ValueError) as error:
            raise self._damaged(error) from error

    def _not_found(self) -> GalleryNotFound:
        return GalleryNotFound(f"there is no gallery {self.name!r}")

    def _damaged(self, error: Exception) -> GalleryDamaged:
        return GalleryDamaged(
            f"gallery {self.name!r} cannot be read ({error});"
            " if the error persists, restore its gallery.sqlite from a backup, or delete the gallery"
        )

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """Lend a connection to the calling thread. Uncommitted changes are rolled back.

        A thread that holds a connection must not request another: the threads could deadlock.
        """
        with self.guard_against_deletion(), self._slots:
            with self._lock:
                connection = self._idle.pop() if self._idle else self._connect()
            try:
                yield connection
            finally:
                connection.rollback()
                with self._lock:
                    self._idle.append(connection)

    def _connect(self) -> Connection:
        """Open a connection. The caller holds the lock: no thread may move the folder now."""
        uri = f"{(self.folder / DATABASE).absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(
            uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA synchronous=FULL")
            if not self.exists():
                raise self._not_found()
        except BaseException:
            connection.close()
            raise
        return connection


def _close(idle: list[Connection]) -> None:
    while idle:
        idle.pop().close()
