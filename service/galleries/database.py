"""The SQLite file of one gallery: transactions, and detection of a deleted gallery.

The file is the source of truth. A committed transaction is on disk, visible to all threads and processes.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.errors import GalleryDamaged, GalleryNotFound, GalleryReindexed
from service.galleries.connections import Connections
from service.galleries.damage import DamagedRows
from service.galleries.locks import REQUEST_SECONDS, LockWait, lock_seconds
from service.galleries.migrations import UNSEALED_KEY, migrate
from service.galleries.records import GallerySpec
from service.galleries.schema import (
    SCHEMA,
    Connection,
    check_columns,
    current_space,
    embeddings_table,
    fetch_one,
    read_meta,
)
from service.galleries.sqlite_errors import damaged, sqlite_error
from service.galleries.threads.caller import check_caller
from service.galleries.wrong_kind import wrong_kind_error
from service.storage import storage_error

DATABASE = "gallery.sqlite"
JOURNALS = ("-wal", "-shm", "-journal")
"""Ends of the names of SQLite's files beside the database. SQLite would apply old ones to a new database."""


class GalleryDatabase:
    """The database of the gallery in `folder`. Thread-safe.

    It reads and writes the embeddings that the gallery had when this object was created. A connection is used
    by one thread at a time. All connections are closed when this object is no longer used.

    Attributes:
        damage: the damaged rows that were read.
        unsealed: whether rows may be without a checksum, see `service.galleries.migrations`.

    Raises:
        GalleryNotFound: the gallery does not exist. All methods raise this once the gallery is deleted.
        GalleryDamaged: the file is damaged.
        GalleryBusy: another process or thread does not release its lock.
        StorageFull, StorageUnavailable: the disk is full, or refuses to read or write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self._writing = threading.Lock()
        try:
            self._connections = Connections(folder / DATABASE)
        except (FileNotFoundError, NotADirectoryError):
            raise self._not_found() from None
        except OSError as error:
            raise (storage_error(error) or damaged(self.name, str(error))) from error
        self.damage = DamagedRows(self.name)
        self.unsealed = True
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
    def transaction(self, *, ends_change: bool = False) -> Iterator[Connection]:
        """Open a write transaction, one at a time over all threads and processes.

        It is rolled back if its block raises. The gallery cannot be deleted before it ends.

        Args:
            ends_change: whether it completes or undoes a change that has begun. Then it is done even if
                nobody waits for it any more.

        Raises:
            DeadlineExceeded: nobody waits for the change any more, see `check_caller`.
        """
        wait = LockWait(self.name, max(lock_seconds(), REQUEST_SECONDS) if ends_change else None)
        with wait.hold(self._writing), self._connection(wait) as connection:
            connection.execute("BEGIN IMMEDIATE")
            if not ends_change:  # the lock may have come late
                check_caller()
            self._check_exists()
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
        return self._connections.exists()

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """Turn errors of SQLite and of the disk into service errors, in a block that uses the folder.

        If the gallery is deleted before or during the block, it raises GalleryNotFound.
        """
        self._check_exists()
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            self._check_exists(error)
            translated = (
                sqlite_error(error, self.name) or storage_error(error) or wrong_kind_error(error, self.name)
            )
            if translated is None:
                raise
            raise translated from error

    def move(self, to: Path) -> None:
        """Move the gallery's folder. No thread writes or opens a file in it at that moment."""
        with self.transaction(), self._connections.none_opened(LockWait(self.name)):
            check_caller()
            self.folder.rename(to)

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._connections.close()

    def _read_meta(self) -> tuple[GallerySpec, int]:
        try:
            with self._connection() as connection:
                migrate(connection)
                version = int(fetch_one(connection, "PRAGMA user_version"))
                meta = read_meta(connection) if version == SCHEMA else {}
                if meta:
                    check_columns(connection)
            if version == 0:
                raise damaged(self.name, "its database is empty")
            if version != SCHEMA:
                raise GalleryDamaged(
                    f"gallery {self.name!r} was written by another version"
                    f" (schema {version}, this version reads {SCHEMA}); upgrade this program"
                )
            spec = GallerySpec(
                model=meta["model"],
                digest=meta["digest"],
                domain=meta["domain"],
                distance=meta["distance"],
                dim=int(meta["dim"]),
                credit=meta.get("credit"),
                drawn=meta.get("drawn") == "True",
                expand=meta.get("expand", "True") != "False",
                identity=meta.get("identity", ""),
            )
            self.unsealed = UNSEALED_KEY in meta
            return spec, int(meta["space"])
        except (sqlite3.Error, KeyError, ValueError) as error:
            raise damaged(self.name, str(error)) from error

    def _not_found(self) -> GalleryNotFound:
        return GalleryNotFound(f"there is no gallery {self.name!r}")

    def _check_exists(self, error: BaseException | None = None) -> None:
        """Raise GalleryNotFound, caused by `error`, if the gallery is deleted."""
        if not self.exists():
            raise self._not_found() from error

    @contextmanager
    def _connection(self, wait: LockWait | None = None) -> Iterator[Connection]:
        """Lend a connection to the calling thread, see `Connections.lend`."""
        with (
            self.translated_errors(),
            self._connections.lend(wait or LockWait(self.name)) as connection,
        ):
            yield connection
