"""Work that must not run on the event loop (Pillow, above all), in as many threads as there are cores."""

import os
from collections.abc import Callable
from time import perf_counter
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from service.errors import Overloaded
from service.inference.throughput import ThroughputEstimate

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """A few threads and a bounded line of those who wait for one.

    Args:
        waiting: calls that may wait for a thread.
        threads: calls that may run at a time; as many as the cores this process may use, unless told.
    """

    def __init__(self, *, waiting: int, threads: int | None = None) -> None:
        self._threads = threads or _cores()
        self._limiter = CapacityLimiter(self._threads)
        self._most_waiting = waiting
        self._throughput = ThroughputEstimate()

    @property
    def depth(self) -> int:
        """Calls waiting for a thread."""
        return self._limiter.statistics().tasks_waiting

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`function(*args, **kwargs)` in a thread. A caller that leaves while it waits for one leaves the line.

        Raises:
            Overloaded: too many wait.
        """
        if self.depth >= self._most_waiting:
            wait = self._throughput.retry_after(self.depth // self._threads)
            raise Overloaded(
                f"{self.depth} pictures are waiting to be read, as many as may.", retry_after=wait
            )
        return await self.finish(function, *args, **kwargs)

    async def finish(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, but never refused: for the end of work that much was spent on."""

        def timed() -> T:
            started = perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self._throughput.record(1, perf_counter() - started)

        return await to_thread.run_sync(timed, limiter=self._limiter)


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1
