"""Return the memory of decoded pictures to the system.

The allocator keeps freed memory for the next forward pass (`model.allocator`). A forward pass needs less than
some pictures do, and pictures that cannot be decoded lead to no forward pass at all.
"""

from collections.abc import Callable
from threading import Lock, Timer

from model.allocator import give_back

LARGE = 32_000_000
"""Pictures that take fewer bytes than this are ignored. The allocator uses their memory again."""
KEPT = 256_000_000
"""Bytes of large pictures that may be freed before their memory is returned."""
DELAY = 1.0
"""Seconds until the memory of the last large pictures is returned."""


class FreedMemory:
    """Returns the memory of large pictures: after every `KEPT` freed bytes, and after `DELAY` seconds.

    It never runs on the event loop, because `malloc_trim` takes some milliseconds.

    Args:
        trim: returns all free memory to the system.
    """

    def __init__(self, trim: Callable[[], None] = give_back) -> None:
        self._trim = trim
        self._lock = Lock()  # guards everything below
        self._freed = 0
        self._timer: Timer | None = None

    def freed(self, size: int) -> None:
        """Count a picture that was freed. Call it in a worker thread."""
        if size < LARGE:
            return
        with self._lock:
            self._freed += size
            self._start_timer()  # also after a trim: what this request still holds is freed after that
            if self._freed < KEPT:
                return
            self._freed = 0
        self._trim()

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = Timer(DELAY, self._on_timer)
            self._timer.daemon = True
            self._timer.start()

    def _on_timer(self) -> None:
        with self._lock:
            self._timer = None
            self._freed = 0
        self._trim()
