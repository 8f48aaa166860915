"""The galleries of one folder: made, opened, listed and deleted by name."""

import os
import re
import shutil
import threading
from pathlib import Path

from service.errors import GalleryExists, GalleryNotFound, NameInvalid
from service.gallery import DATABASE, About, Gallery, write_schema

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def check_name(name: str) -> str:
    """The name itself. Raises NameInvalid where it could not be a folder's."""
    if not NAME.fullmatch(name):
        raise NameInvalid(f"{name[:80]!r} cannot be a name: lower-case letters, digits, '.', '_' and '-', at most 64, beginning with a letter or digit")
    return name


class Galleries:
    """Opens each gallery once and keeps it open; galleries that other processes make are seen, too. Thread-safe."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._open: dict[str, Gallery] = {}
        self._lock = threading.Lock()

    def create(self, name: str, about: About) -> Gallery:
        """A new, empty gallery; made beside and renamed, so that a half-made one is never seen.

        Raises:
            NameInvalid, GalleryExists.
        """
        folder = self.root / check_name(name)
        beside = self.root / f".{name}-{os.getpid()}-{threading.get_ident()}"
        beside.mkdir(parents=True)
        write_schema(beside / DATABASE, about)
        try:
            if folder.exists():
                raise GalleryExists(f"there is a gallery {name!r} already; delete it first, or choose another name")
            beside.rename(folder)
        except OSError as error:
            raise GalleryExists(f"there is a gallery {name!r} already; delete it first, or choose another name") from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return self.open(name)

    def open(self, name: str) -> Gallery:
        """A gallery by its name. Raises NameInvalid, GalleryNotFound, or GalleryDamaged."""
        folder = self.root / check_name(name)
        with self._lock:
            opened = self._open.get(name)
            if opened is not None and opened.still_there():
                return opened
            if opened is not None:
                self._open.pop(name).close()
            if not (folder / DATABASE).is_file():
                there = ", ".join(self.names()[:20]) or "none"
                raise GalleryNotFound(f"there is no gallery {name!r}; there are: {there}")
            self._open[name] = gallery = Gallery(folder)
            return gallery

    def names(self) -> list[str]:
        """Names of all galleries, sorted."""
        return sorted(path.parent.name for path in self.root.glob(f"[!.]*/{DATABASE}"))

    def delete(self, name: str) -> None:
        """Removes a gallery and the pictures it owns. Raises NameInvalid, GalleryNotFound."""
        self.open(name)
        beside = self.root / f".{name}-deleted-{os.getpid()}-{threading.get_ident()}"
        with self._lock:
            gallery = self._open.pop(name, None)
            (self.root / name).rename(beside)
            if gallery is not None:
                gallery.close()
        shutil.rmtree(beside, ignore_errors=True)

    def close(self) -> None:
        """Closes all of them."""
        with self._lock:
            for gallery in self._open.values():
                gallery.close()
            self._open.clear()
