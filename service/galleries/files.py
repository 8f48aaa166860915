"""The files of a gallery: uploaded pictures and thumbnails. They are named by the picture's SHA-256.

photos/ab/abcd...              on disk before the photo's row is committed
thumbnails/ab/abcd....webp     may be lost; the full picture is sent instead
"""

from pathlib import Path

from service.galleries.whole_file import remove_stale, sync_folder, write_whole


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

    def write(self, sha256: str, thumbnail: bytes, data: bytes | None) -> None:
        """Write the missing files of one photo. `data` is None if the gallery does not store the picture."""
        _write(self.thumbnail(sha256), thumbnail, durable=False)
        if data is not None:
            _write(self.picture(sha256), data, durable=True)

    def remove(self, sha256: str) -> None:
        """Remove the files of one photo that exist."""
        self.picture(sha256).unlink(missing_ok=True)
        self.thumbnail(sha256).unlink(missing_ok=True)

    def remove_stale(self) -> None:
        """Remove the temporary files of processes that were killed."""
        for folder in (*self.folder.glob("photos/*"), *self.folder.glob("thumbnails/*")):
            remove_stale(folder)


def _write(path: Path, data: bytes, *, durable: bool) -> None:
    """Write a file whole. With `durable`, sync the file and its folders to disk.

    Creates the two folders above the file, but not the gallery's folder: a deleted gallery must not come
    back.
    """
    if path.is_file():
        return
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(exist_ok=True)
    write_whole(path, data, durable=durable)
    if durable:
        for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
            sync_folder(folder)
