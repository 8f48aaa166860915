"""All galleries of one folder, by name: create, open, list and delete them."""

import os
import shutil
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EEXIST, ENOTDIR, ENOTEMPTY
from pathlib import Path
from uuid import uuid4
from weakref import WeakValueDictionary

from model.checkpoint import NAME, NAME_RULE
from service.errors import GalleryDamaged, GalleryExists, GalleryNotFound, NameInvalid
from service.galleries.database import DATABASE, JOURNALS
from service.galleries.files import PhotoFiles
from service.galleries.folder import database_lost, has_files, has_lost_database, is_gallery
from service.galleries.gallery import INDEX, Gallery
from service.galleries.locked_folder import is_locked
from service.galleries.locks import LockWait
from service.galleries.own_names import GALLERY, HIDDEN_GALLERY, INDEX_FILE, delete_folder, temporary
from service.galleries.records import GallerySpec
from service.galleries.reserve import Reserve
from service.galleries.schema import write_schema
from service.galleries.sqlite_errors import sqlite_error
from service.galleries.threads.caller import check_caller
from service.galleries.whole_file import STALE_SECONDS, remove_stale
from service.storage import require_free, storage_error

MAX_UNUSED = 64
"""Unused galleries that stay open. Each has up to nine open files, and its index in memory once
searched."""
NAMES_SHOWN = 20
"""Maximum number of names in an error message."""


def check_name(name: str) -> str:
    """Return the name. Raises NameInvalid unless it can be the name of a folder."""
    if not NAME.fullmatch(name):
        raise NameInvalid(f"{name[:80]!r} is not a valid name; {NAME_RULE}")
    return name


class Galleries:
    """The galleries of a folder, including those that other processes create. Thread-safe.

    Each gallery is opened once for all its users. The last `MAX_UNUSED` stay open when nobody uses them.

    Args:
        min_free: bytes that must be free on the disk before anything is added.
    """

    def __init__(self, root: Path, *, min_free: int = 0) -> None:
        self.root = root
        self._min_free = min_free
        self._open: WeakValueDictionary[str, Gallery] = WeakValueDictionary()
        self._recent: OrderedDict[str, Gallery] = OrderedDict()  # keeps galleries open, last used last
        self._opening: WeakValueDictionary[str, _NameLock] = WeakValueDictionary()
        self._lock = threading.Lock()  # of these dictionaries; no thread does anything slow while it holds it

    def create(self, name: str, spec: GallerySpec) -> Gallery:
        """Create an empty gallery. It appears complete, or not at all.

        Raises:
            NameInvalid, GalleryExists, StorageFull, StorageUnavailable.
        """
        with self.building(name) as folder:
            write_schema(folder / DATABASE, spec)
        return self.open(name)

    @contextmanager
    def building(self, name: str) -> Iterator[Path]:
        """Yield a hidden folder in which the block builds a gallery. It gets its name when the block ends.

        If the block raises, the folder is deleted. If the process is killed, it is left over, hidden.

        Raises:
            NameInvalid, GalleryExists, StorageFull, StorageUnavailable.
        """
        folder, temporary = self.root / check_name(name), self._temporary(name)
        self.require_space()
        try:
            if is_gallery(folder):
                raise FileExistsError(folder)
            temporary.mkdir(parents=True)
            yield temporary
            check_caller()
            _move_into_place(temporary, folder)
        except FileExistsError as error:
            detail = f"gallery {name!r} exists already; delete it first, or choose another name"
            if has_lost_database(folder):
                detail = f"{database_lost(name).detail}, or choose another name"
            raise GalleryExists(detail) from error
        except (OSError, sqlite3.Error) as error:
            raise (sqlite_error(error, name) or storage_error(error) or error) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def open(self, name: str, *, keep: bool = True) -> Gallery:
        """Open a gallery with its current embeddings.

        Args:
            keep: whether to keep the gallery open after its use. False for a loop over all galleries.

        Raises:
            NameInvalid, GalleryNotFound, GalleryDamaged, GalleryBusy, StorageUnavailable.
        """
        gallery = self._get(check_name(name), keep)
        if gallery.reindexed():
            gallery = self._get(name, keep, instead_of=gallery)
        return gallery

    def _get(self, name: str, keep: bool, instead_of: Gallery | None = None) -> Gallery:
        """Return the open gallery of a name, or open it.

        Args:
            instead_of: a gallery that is no longer up to date.
        """
        with self._lock:
            opening = self._opening.setdefault(name, _NameLock())
        dropped: list[Gallery | None] = [instead_of]
        with LockWait(name).hold(opening.lock):  # a gallery that stalls does not stop others from opening
            gallery = self._open.get(name)
            if gallery is None or gallery is instead_of or not gallery.exists():
                dropped.append(gallery)
                gallery = self._open_folder(self.root / name)
            with self._lock:
                if self._open.get(name) is not gallery:
                    self._open[name] = gallery
                    dropped.append(self._recent.pop(name, None))
                if keep or name not in self._recent:
                    self._recent[name] = gallery
                    self._recent.move_to_end(name, last=keep)
                if len(self._recent) > MAX_UNUSED:
                    dropped.append(self._recent.popitem(last=False)[1])
        # The last reference closes a gallery's files. That takes time, so it is outside of the locks.
        del dropped
        return gallery

    def require_space(self) -> None:
        """Check that the disk has room for more photos. Raises StorageFull."""
        require_free(self.root, self._min_free)

    def names(self) -> list[str]:
        """Return the names of all galleries, sorted. Those that cannot be opened are among them."""
        folders = (path for path in self.root.glob("*") if NAME.fullmatch(path.name))
        return sorted(path.name for path in folders if is_gallery(path))

    def damaged_rows(self) -> int:
        """Return the number of damaged rows that reads of the open galleries have found."""
        galleries = (reference() for reference in self._open.valuerefs())  # without the lock: never waits
        return sum(gallery.database.damage.count for gallery in galleries if gallery is not None)

    def delete(self, name: str) -> None:
        """Delete a gallery and its uploaded pictures, even if it is damaged.

        Raises:
            NameInvalid, GalleryNotFound, GalleryBusy, StorageUnavailable.
        """
        temporary = self._temporary(check_name(name))
        try:
            self.open(name, keep=False).move(temporary)
        except GalleryDamaged:
            check_caller()
            try:
                (self.root / name).rename(temporary)
            except FileNotFoundError:  # another process deleted it
                pass
            except OSError as error:
                raise (storage_error(error) or error) from error
        with self._lock:
            self._recent.pop(name, None)
        for _ in range(2):  # twice: a file may have been written into the folder during the first pass
            shutil.rmtree(temporary, ignore_errors=True)

    def close(self) -> None:
        """Close all galleries."""
        with self._lock:
            galleries = list(self._open.values())
            self._recent.clear()
        for gallery in galleries:
            gallery.close()

    def remove_stale(self) -> None:
        """Remove what killed processes left: temporary files, and folders of half deleted galleries.

        Files and folders that this program did not make stay.

        Also makes the reserve that lets photos be removed on a full disk.
        """
        before = time.time() - STALE_SECONDS
        for folder in self.root.glob(".*"):
            if not HIDDEN_GALLERY.fullmatch(folder.name):
                continue
            with suppress(OSError):  # its process has just finished
                is_old = folder.is_dir() and not folder.is_symlink() and folder.stat().st_mtime < before
                if is_old and not is_locked(folder):
                    delete_folder(folder, GALLERY)
        for name in self.names():
            PhotoFiles(self.root / name).remove_stale()
            remove_stale(self.root / name / INDEX, temporary(INDEX_FILE))
        if self.names():
            Reserve(self.root).keep()

    def _open_folder(self, folder: Path) -> Gallery:
        try:
            return Gallery(folder)
        except GalleryNotFound:
            if has_lost_database(folder):
                raise database_lost(folder.name) from None
            known = ", ".join(self.names()[:NAMES_SHOWN]) or "none"
            raise GalleryNotFound(
                f"there is no gallery {folder.name!r}; the galleries are: {known}"
            ) from None

    def _temporary(self, name: str) -> Path:
        return self.root / f".{name}-{uuid4().hex}"


class _NameLock:
    """The lock that a thread holds while it opens the gallery of one name."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


def _move_into_place(temporary: Path, folder: Path) -> None:
    """Rename a new gallery's folder to its final name.

    If that folder exists without files of a gallery, it keeps its files and gets the database.

    Raises:
        FileExistsError: there is a gallery, perhaps without its database, or a file of this name.
    """
    try:
        temporary.rename(folder)
    except OSError as error:
        if error.errno not in (EEXIST, ENOTDIR, ENOTEMPTY):
            raise
        taken = not folder.is_dir() or (folder / DATABASE).exists() or has_files(folder)
        if taken or has_files(temporary):  # an import has more than a database
            raise FileExistsError(folder) from None
        for end in JOURNALS:
            (folder / f"{DATABASE}{end}").unlink(missing_ok=True)
        os.link(temporary / DATABASE, folder / DATABASE)
