"""A disk of a few MB that a test can fill or make read-only. Needs the right to mount, as root has."""

import os
import subprocess
from pathlib import Path


class SmallDisk:
    """A tmpfs.

    Args:
        folder: where it is mounted.
    """

    def __init__(self, folder: Path, *, megabytes: int = 4) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))

    def fill(self) -> None:
        """Leave no byte free."""
        with (self.folder / "filler").open("ab", buffering=0) as filler:
            for step in (65_536, 4_096, 1):
                try:
                    while filler.write(bytes(step)) == step:
                        pass
                except OSError:
                    pass

    def free(self) -> None:
        """Undo `fill`."""
        (self.folder / "filler").unlink(missing_ok=True)

    def make_read_only(self) -> None:
        _mount("-o", "remount,ro", str(self.folder))

    def make_writable(self) -> None:
        _mount("-o", "remount,rw", str(self.folder))

    def unmount(self) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], check=True, capture_output=True)


def files(folder: Path) -> set[str]:
    """Return the names of a gallery's photos, thumbnails and index files, without SQLite's own files."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("gallery.sqlite")
    }


def _mount(*arguments: str) -> None:
    if os.geteuid():
        raise PermissionError("only root can mount")
    try:
        subprocess.run(["mount", *arguments], check=True, capture_output=True)
    except subprocess.CalledProcessError as error:
        raise PermissionError(error.stderr.decode().strip()) from error
