"""A file that keeps a little space of the disk, so that photos can be removed when the disk is full.

SQLite needs space before it frees any: it appends about 30 KB to its log to remove a photo. The log is used
again from its start after a checkpoint, which copies it to the database. That can make the database larger.
On a full disk the reserve is deleted first, and made again when there is space.
"""

import os
from contextlib import suppress
from pathlib import Path

from service.storage import free_bytes

SIZE = 1 << 20
"""Bytes. The log and the growth of the database at a checkpoint take less (`CHECKPOINT_PAGES`), and so does
SQLite's `-shm` file of 32 KB."""


class Reserve:
    """The reserve of a folder of galleries. Its galleries and all processes share it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".reserve"

    def keep(self) -> None:
        """Make the file if it is missing or not as it should be, and the disk has space.

        On a nearly full disk it is not made: it would take the space from a removal that is just running.
        """
        with suppress(OSError):
            if self._exists() or free_bytes(self.path.parent) < 2 * SIZE:
                return
            self.release()  # a file of another size, a link or a FIFO
            with self.path.open("xb") as file:  # never follows a link
                file.write(os.urandom(SIZE))  # no file system can compress it
        if not self._exists():
            self.release()

    def release(self) -> None:
        """Delete the file, as far as that is possible."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _exists(self) -> bool:
        try:
            return self.path.lstat().st_size == SIZE  # a link or a FIFO has another size
        except OSError:
            return False
