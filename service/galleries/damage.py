"""The damaged rows and pictures of a gallery that reads have found."""

import logging
import threading

logger = logging.getLogger(__name__)

PICTURES = "pictures"
"""Stands for the uploaded pictures where others name a table. Each counts as one row, the photo's."""


class DamagedRows:
    """The damaged rows that one open gallery has read. Thread-safe.

    Attributes:
        logs: whether to log each row once.
    """

    def __init__(self, gallery: str) -> None:
        self.logs = True
        self._gallery = gallery
        self._lock = threading.Lock()
        self._rows: set[tuple[str, int]] = set()

    def add(self, table: str, row_id: int) -> None:
        """Record a row or a picture that does not have its checksum."""
        with self._lock:
            if (table, row_id) in self._rows:
                return
            self._rows.add((table, row_id))
        if not self.logs:
            return
        if table == PICTURES:
            message = "gallery %s: the picture of photo %d is damaged; add its file again"
            logger.error(message, self._gallery, row_id)
        else:
            message = "gallery %s: row %d of %s is damaged and left out; run `iiae fsck %s`"
            logger.error(message, self._gallery, row_id, table, self._gallery)

    def clear(self, table: str, row_id: int) -> None:
        """Forget a row or a picture that was written again or deleted."""
        with self._lock:
            self._rows.discard((table, row_id))

    @property
    def count(self) -> int:
        """Number of damaged rows and pictures."""
        return len(self._rows)
