"""How long to wait for a gallery's locks. A lock that does not come in this time is a `GalleryBusy`."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import isinf
from threading import Lock, Semaphore
from time import monotonic

from service.deadline import remaining
from service.galleries.sqlite_errors import locked

REQUEST_SECONDS = 2.0
"""Longest wait of a request. Its other steps need time too."""
BACKGROUND_SECONDS = 30.0
"""Longest wait of work without a deadline: the command line, a reindex, the rebuild of an index."""


class LockWait:
    """The time that one use of a gallery may spend on waiting for locks."""

    def __init__(self, gallery: str, seconds: float | None = None) -> None:
        self.gallery = gallery
        self._until = monotonic() + (lock_seconds() if seconds is None else seconds)

    @property
    def left(self) -> float:
        """Seconds left, at least 0."""
        return max(self._until - monotonic(), 0.0)

    @contextmanager
    def hold(self, lock: "Lock | Semaphore") -> Iterator[None]:
        """Hold a lock during a block. Raises GalleryBusy if it does not come in time."""
        if not lock.acquire(timeout=self.left):
            raise locked(self.gallery)
        try:
            yield
        finally:
            lock.release()


def lock_seconds() -> float:
    """Return the seconds that the present request, or the work without a request, may wait for a lock."""
    left = remaining()
    return BACKGROUND_SECONDS if isinf(left) else max(min(left, REQUEST_SECONDS), 0.0)
