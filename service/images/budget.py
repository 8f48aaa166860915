"""A budget for the bytes of pictures that are decoded at the same time, over all requests."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from threading import Lock
from types import TracebackType
from typing import Self


class Reservation:
    """Bytes of a budget that are in use. Use it in a `with` block, or call `release`."""

    def __init__(self, budget: "DecodedBudget", size: int) -> None:
        self.size = size
        self._budget: DecodedBudget | None = budget

    def release(self) -> None:
        """Return the bytes to the budget. Further calls do nothing."""
        budget, self._budget = self._budget, None
        if budget is not None:
            budget._release(self.size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class DecodedBudget:
    """Lets pictures be decoded while their bytes fit into `max_bytes`. Thread-safe.

    Pictures wait in one FIFO queue, so small pictures cannot starve a large one. A picture that is larger
    than the whole budget is decoded alone. `reserve` waits without a thread.

    Args:
        max_bytes: bytes of all pictures that are decoded at the same time.
        on_release: called with the bytes of each picture that is no longer needed.
    """

    def __init__(self, max_bytes: int, on_release: Callable[[int], None] | None = None) -> None:
        self.max_bytes = max_bytes
        self._on_release = on_release
        self._lock = Lock()  # guards everything below
        self._in_flight = 0
        self._queue: deque[tuple[int, Future[Reservation]]] = deque()

    @property
    def in_flight(self) -> int:
        """Bytes of the pictures that are decoded now."""
        return self._in_flight

    @property
    def waiting(self) -> int:
        """Bytes of the pictures that wait for room."""
        with self._lock:
            return sum(size for size, future in self._queue if not future.cancelled())

    @property
    def queue_length(self) -> int:
        """Number of pictures that wait for room."""
        return len(self._queue)

    def try_reserve(self, size: int) -> Reservation | None:
        """Reserve bytes, or return None if there is no room or if other pictures wait."""
        with self._lock:
            if self._queue or not self._fits(size):
                return None
            self._in_flight += size
            return Reservation(self, size)

    async def reserve(self, size: int) -> Reservation:
        """Wait for room, then reserve bytes. A cancelled wait reserves nothing."""
        future = self._enqueue(size)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            self._leave(future)
            raise

    def reserve_blocking(self, size: int) -> Reservation:
        """Reserve like `reserve`, but block the calling thread. For threads that serve no request."""
        return self._enqueue(size).result()

    def _enqueue(self, size: int) -> Future[Reservation]:
        future: Future[Reservation] = Future()
        with self._lock:
            self._queue.append((size, future))
        self._admit()
        return future

    def _leave(self, future: Future[Reservation]) -> None:
        future.cancel()  # does nothing if the bytes are reserved already
        try:
            future.result().release()
        except CancelledError:
            self._admit()  # it may have been the first of the queue

    def _release(self, size: int) -> None:
        if self._on_release is not None:
            self._on_release(size)  # before the next picture is admitted, which must not need further memory
        with self._lock:
            self._in_flight -= size
        self._admit()

    def _admit(self) -> None:
        """Reserve bytes for the pictures at the head of the queue that fit."""
        admitted: list[tuple[int, Future[Reservation]]] = []
        with self._lock:
            while self._queue:
                size, future = self._queue[0]
                if not future.cancelled():
                    if not self._fits(size):
                        break
                    if future.set_running_or_notify_cancel():  # from here on, it cannot be cancelled
                        self._in_flight += size
                        admitted.append((size, future))
                self._queue.popleft()
        for size, future in admitted:
            future.set_result(Reservation(self, size))

    def _fits(self, size: int) -> bool:
        return self._in_flight == 0 or self._in_flight + size <= self.max_bytes
