"""A thread that writes the checksums of a gallery from an earlier version."""

import logging
import threading

from service.errors import GalleryNotFound
from service.galleries.database import GalleryDatabase
from service.galleries.migrations import seal

logger = logging.getLogger(__name__)

CLOSE_SECONDS = 5.0
"""Longest wait for the thread to stop. If the gallery is locked, it ends with the process."""


class Sealer:
    """Seals the rows of one gallery in the background, if necessary. Searches and changes continue."""

    def __init__(self, database: GalleryDatabase) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        if database.unsealed:
            self._thread = threading.Thread(
                target=_run, args=(database, self._stop), name=f"seal {database.name}", daemon=True
            )
            self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether the thread is running."""
        return self._thread is not None and self._thread.is_alive()

    def join(self, timeout: float | None = None) -> None:
        """Wait until all rows are sealed, at most `timeout` seconds."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def stop(self) -> None:
        """Stop before the next step, without waiting. The next opening of the gallery continues."""
        self._stop.set()

    def close(self) -> None:
        """Stop, and wait for the present step."""
        self.stop()
        self.join(CLOSE_SECONDS)


def _run(database: GalleryDatabase, stop: threading.Event) -> None:
    try:
        if seal(database, stop):
            database.unsealed = False
    except GalleryNotFound:
        return
    except Exception:
        logger.warning(
            "cannot write the checksums of gallery %s; the next opening tries again",
            database.name,
            exc_info=True,
        )
