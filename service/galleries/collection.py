"""The galleries of one folder: made, opened, listed and deleted by name."""

import os
import shutil
import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from uuid import uuid4
from weakref import WeakValueDictionary

from model.checkpoint import NAME
from service.errors import GalleryDamaged, GalleryExists, GalleryNotFound, NameInvalid
from service.galleries.database import DATABASE, write_schema
from service.galleries.gallery import Gallery, GallerySpec

KEPT = 64
"""Galleries that stay open while nobody uses them; each has up to nine files open, and its index in memory once it was searched."""


def check_name(name: str) -> str:
    """The name itself. Raises NameInvalid where it could not be a folder's."""
    if not NAME.fullmatch(name):
        raise NameInvalid(
            f"{name[:80]!r} cannot be a name: lower-case letters, digits, '.', '_' and '-', at most 64, beginning with a letter or digit"
        )
    return name


class Galleries:
    """Opens each gallery once, for all who use it at a time, and keeps the last `KEPT` open; galleries that other
    processes make are seen, too. Thread-safe."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._open: WeakValueDictionary[str, Gallery] = WeakValueDictionary()
        self._kept: OrderedDict[str, Gallery] = OrderedDict()
        self._lock = threading.Lock()

    def create(self, name: str, spec: GallerySpec) -> Gallery:
        """A new, empty gallery; made beside and put into place at once, so that a half-made one is never seen.

        Raises:
            NameInvalid, GalleryExists.
        """
        folder, beside = self.root / check_name(name), self._beside(name)
        beside.mkdir(parents=True)
        try:
            write_schema(beside / DATABASE, spec)
            _put(beside, folder)
        except FileExistsError as error:
            raise GalleryExists(
                f"there is a gallery {name!r} already; delete it first, or choose another name"
            ) from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return self.open(name)

    def open(self, name: str, *, keep: bool = True) -> Gallery:
        """A gallery by its name, as it is now; without `keep`, for a look that makes none that is in use be closed sooner.

        Raises:
            NameInvalid, GalleryNotFound, GalleryDamaged.
        """
        gallery = self._present(check_name(name), keep)
        if gallery.reindexed():  # a look into its file, for which the other galleries' users do not wait
            gallery = self._present(name, keep, instead_of=gallery)
        return gallery

    def _present(self, name: str, keep: bool, instead_of: Gallery | None = None) -> Gallery:
        """The gallery that is open, or is now."""
        dropped: list[Gallery | None] = [instead_of]
        with self._lock:
            gallery = self._open.get(name)
            if gallery is None or gallery is instead_of or not gallery.exists():
                dropped += [gallery, self._kept.pop(name, None)]
                self._open[name] = gallery = self._opened(self.root / name)
            if keep or name not in self._kept:
                self._kept[name] = gallery
                self._kept.move_to_end(name, last=keep)
            if len(self._kept) > KEPT:
                dropped.append(self._kept.popitem(last=False)[1])
        del (
            dropped
        )  # which closes their files unless somebody uses them, and not while others wait for the lock
        return gallery

    def names(self) -> list[str]:
        """Names of all galleries, sorted."""
        names = (path.parent.name for path in self.root.glob(f"*/{DATABASE}"))
        return sorted(name for name in names if NAME.fullmatch(name))

    def delete(self, name: str) -> None:
        """Removes a gallery and the pictures it owns, also a damaged one. Raises NameInvalid, GalleryNotFound."""
        beside = self._beside(check_name(name))
        try:
            self.open(name, keep=False).move(beside)
        except GalleryDamaged:
            with suppress(FileNotFoundError):  # somebody else was first
                (self.root / name).rename(beside)
        with self._lock:
            self._kept.pop(name, None)
        for _ in range(2):  # again, for a file that was on its way when the folder moved
            shutil.rmtree(beside, ignore_errors=True)

    def close(self) -> None:
        """Closes all of them."""
        with self._lock:
            for gallery in list(self._open.values()):
                gallery.close()
            self._kept.clear()

    def _opened(self, folder: Path) -> Gallery:
        try:
            return Gallery(folder)
        except GalleryNotFound:
            there = ", ".join(self.names()[:20]) or "none"
            raise GalleryNotFound(f"there is no gallery {folder.name!r}; there are: {there}") from None

    def _beside(self, name: str) -> Path:
        return self.root / f".{name}-{uuid4().hex}"


def _put(beside: Path, folder: Path) -> None:
    """Makes the folder of a new gallery its own; where there is one without a database, what is in it stays, and it gets the database.

    Raises FileExistsError where there is a gallery.
    """
    try:
        beside.rename(folder)
    except OSError:
        if not folder.is_dir() or (folder / DATABASE).exists():
            raise FileExistsError(folder) from None
        for stale in folder.glob(f"{DATABASE}-*"):
            stale.unlink()  # a journal of another database, which SQLite would take for this one's
        os.link(beside / DATABASE, folder / DATABASE)
