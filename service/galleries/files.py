"""The files of a gallery: uploaded pictures and thumbnails. They are named by the picture's SHA-256.

photos/ab/abcd...              on disk before the photo's row is committed
thumbnails/ab/abcd....webp     may be lost; the full picture is sent instead
"""

import hashlib
from pathlib import Path

from model.regular_file import open_regular, read_regular
from service.galleries.own_names import PICTURE, THUMBNAIL, temporary
from service.galleries.whole_file import remove_stale, sync_folder, write_whole

MAX_THUMBNAIL = 1_000_000
"""Bytes of a file that is read as a thumbnail. Those that `service.images.encode` makes have some kB."""


class PhotoFiles:
    """The files in the folder of one gallery."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def picture(self, sha256: str) -> Path:
        """Return the path of an uploaded picture. The file need not exist."""
        return self.folder / "photos" / sha256[:2] / sha256

    def thumbnail(self, sha256: str) -> Path:
        """Return the path of a thumbnail. The file need not exist."""
        return self.folder / "thumbnails" / sha256[:2] / f"{sha256}.webp"

    def write(
        self, sha256: str, thumbnail: bytes | None, data: bytes | None, *, durable: bool = True
    ) -> None:
        """Write the files of one photo that are missing or have other contents.

        Args:
            thumbnail: None if it is lost.
            data: None if the gallery does not store the picture.
            durable: sync the picture to disk.
        """
        if thumbnail is not None:
            _write(self.thumbnail(sha256), thumbnail, durable=False)
        if data is not None:
            _write(self.picture(sha256), data, durable=durable)

    def remove(self, sha256: str) -> None:
        """Remove the files of one photo that exist."""
        self.picture(sha256).unlink(missing_ok=True)
        self.thumbnail(sha256).unlink(missing_ok=True)

    def remove_stale(self) -> None:
        """Remove the temporary files of processes that were killed."""
        for kind, names in (("photos", PICTURE), ("thumbnails", THUMBNAIL)):
            for folder in self.folder.glob(f"{kind}/*"):
                remove_stale(folder, temporary(names))


def has_digest(path: Path, sha256: str) -> bool:
    """Return whether a file can be read and has this SHA-256. Blocks: it reads the whole file."""
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _write(path: Path, data: bytes, *, durable: bool) -> None:
    """Write a file whole, unless it has these contents. With `durable`, sync it and its folders to disk.

    A file under this name may be damaged, or be left from a photo whose row is lost.
    Creates the two folders above the file, but not the gallery's folder: a deleted gallery must not come
    back.
    """
    if _has_contents(path, data):
        return
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(exist_ok=True)
    write_whole(path, data, durable=durable)
    if durable:
        for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
            sync_folder(folder)


def _has_contents(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and read_regular(path, limit=len(data)) == data
    except OSError:
        return False
