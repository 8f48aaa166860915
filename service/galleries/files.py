"""The files that a gallery owns: uploaded pictures by content, durable before their row is, and thumbnails of all photos.

photos/ab/abcd...
thumbnails/ab/abcd....webp     remade when lost
"""

import os
import threading
from pathlib import Path


class PhotoFiles:
    """Those in the folder of one gallery, by the SHA-256 of the picture."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def picture(self, sha256: str) -> Path:
        """Where an uploaded picture lies, or would."""
        return self.folder / "photos" / sha256[:2] / sha256

    def thumbnail(self, sha256: str) -> Path:
        """Where a thumbnail lies, or would."""
        return self.folder / "thumbnails" / sha256[:2] / f"{sha256}.webp"

    def write(self, sha256: str, thumbnail: bytes, data: bytes | None) -> None:
        """Those of one photo that are not there yet; `data` is None where it is not the gallery that keeps the picture."""
        _write(self.thumbnail(sha256), thumbnail, durable=False)
        if data is not None:
            _write(self.picture(sha256), data, durable=True)

    def remove(self, sha256: str) -> None:
        """Removes those of one photo, as far as there are any."""
        self.picture(sha256).unlink(missing_ok=True)
        self.thumbnail(sha256).unlink(missing_ok=True)


def _write(path: Path, data: bytes, *, durable: bool) -> None:
    """Beside, then renamed; with `durable`, synced to disk before and after. Makes two folders, but not the gallery's."""
    if path.exists():
        return
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(exist_ok=True)
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
