"""The connections to one gallery's SQLite file, lent to one thread at a time.

SQLite needs the files `-wal` and `-shm` beside the database, even to read it. It cannot create them on a full
or a read-only disk. Then a thread gets a connection that can do without, for one use:

- On a full disk: exclusive locking. SQLite then keeps the contents of `-shm` in memory.
- On a read-only disk: the database is declared immutable.
"""

import os
import sqlite3
import stat
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import ELOOP
from pathlib import Path

from service.errors import ServiceError
from service.galleries.locks import LockWait
from service.galleries.schema import Connection
from service.galleries.sqlite_errors import error_code

CONNECTIONS = 4
"""Maximum number of connections to one gallery's file. If all are in use, a thread waits for one. Each
connection has two files open."""

CHECKPOINT_PAGES = 64
"""Pages of 4 KB in SQLite's log after which it is copied to the database. SQLite's default is 1,000. What the
log adds to the database then fits into the reserve (`service.galleries.reserve`)."""
PRAGMAS = (
    "PRAGMA synchronous=FULL",
    "PRAGMA cell_size_check=ON",
    f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}",
)


class Connections:
    """Lends connections to an existing file. All are closed when this object is no longer used.

    Raises:
        OSError: the file does not exist, or is not a regular file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path.name} is not a regular file")
        self._inode = status.st_ino
        self._idle: list[Connection] = []
        weakref.finalize(self, _close, self._idle)
        self._slots = threading.Semaphore(CONNECTIONS)
        self._opening = threading.Lock()  # guards the folder while files in it are opened

    def exists(self) -> bool:
        """Return whether the file still exists. False if another file has its name now."""
        try:
            return os.stat(self.path).st_ino == self._inode
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:  # else the disk fails; reading the file gives the error
            return error.errno != ELOOP  # a link to itself

    @contextmanager
    def lend(self, wait: LockWait) -> Iterator[Connection]:
        """Lend a connection to the calling thread. Uncommitted changes are rolled back.

        A thread that holds a connection must not request another: the threads could deadlock.

        Raises:
            GalleryBusy: all connections are in use.
            FileNotFoundError: the file no longer exists.
            sqlite3.Error: the file cannot be opened.
        """
        with wait.hold(self._slots):
            connection, keep = self._take(wait)
            try:
                _set_timeout(connection, wait)
                yield connection
                connection.rollback()
            except BaseException as error:
                keep = keep and isinstance(error, ServiceError)
                with suppress(sqlite3.Error):  # after an I/O error, closing the connection rolls back
                    connection.rollback()
                raise
            finally:
                if keep:
                    self._idle.append(connection)
                else:
                    connection.close()

    @contextmanager
    def none_opened(self, wait: LockWait) -> Iterator[None]:
        """Let no thread open a file in the gallery's folder during a block."""
        with wait.hold(self._opening):
            yield

    def close(self) -> None:
        """Close all connections that are not in use."""
        _close(self._idle)

    def _take(self, wait: LockWait) -> tuple[Connection, bool]:
        """Return a connection, and whether to keep it for later uses."""
        try:
            return self._idle.pop(), True
        except IndexError:
            with wait.hold(self._opening):
                return self._open(wait)

    def _open(self, wait: LockWait) -> tuple[Connection, bool]:
        """Return a new connection, and whether to keep it for later uses.

        The caller holds the lock: no thread may move the folder now.
        """
        try:
            return self._connect(wait, "mode=rw"), True
        except sqlite3.OperationalError as error:
            if error_code(error) == sqlite3.SQLITE_IOERR_SHMSIZE:
                return self._connect(wait, "mode=rw", "PRAGMA locking_mode=EXCLUSIVE"), False
            if error_code(error) == sqlite3.SQLITE_CANTOPEN and self._is_unchanging():
                return self._connect(wait, "mode=ro&immutable=1"), False
            raise

    def _connect(self, wait: LockWait, options: str, *pragmas: str) -> Connection:
        uri = f"{self.path.absolute().as_uri()}?{options}"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        try:
            _set_timeout(connection, wait)
            for pragma in (*pragmas, *PRAGMAS):
                connection.execute(pragma)
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # opens `-wal` and `-shm`
            if not self.exists():
                raise FileNotFoundError(self.path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _is_unchanging(self) -> bool:
        """Return whether the folder cannot be written, and the database file has all changes."""
        wal = self.path.with_name(f"{self.path.name}-wal")
        return not os.access(self.path.parent, os.W_OK) and not (wal.exists() and wal.stat().st_size)


def _set_timeout(connection: Connection, wait: LockWait) -> None:
    connection.execute(f"PRAGMA busy_timeout={round(1000 * wait.left)}")


def _close(idle: list[Connection]) -> None:
    with suppress(IndexError):  # of the last `pop`; other threads may use the list too
        while True:
            idle.pop().close()
