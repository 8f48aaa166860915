"""A file that keeps a little space of the disk, so that photos can be removed when the disk is full.

SQLite writes about 30 KB to its log to remove a photo, and the photo's files are deleted only afterwards. On
a full disk the reserve is deleted first, and made again when there is space.
"""

import os
from contextlib import suppress
from pathlib import Path

SIZE = 256 << 10
"""Bytes. SQLite's log of one removal and its `-shm` file of 32 KB take less."""


class Reserve:
    """The reserve of a folder of galleries. Its galleries and all processes share it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".reserve"

    def keep(self) -> None:
        """Make the file if it is missing or too small, and the disk has space."""
        with suppress(OSError):
            if self.path.exists() and self.path.stat().st_size == SIZE:
                return
            try:
                self.path.write_bytes(os.urandom(SIZE))  # no file system can compress it
            except OSError:
                self.release()

    def release(self) -> None:
        """Delete the file, as far as that is possible."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
