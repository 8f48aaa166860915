"""Worker threads for blocking work, such as Pillow's, which must not run on the event loop."""

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
    """Runs functions in a bounded number of threads, with a bounded queue.

    Args:
        max_waiting: calls of `run` that may wait for a thread.
        threads: calls that may run at the same time. Defaults to the cores that this process may use.
    """

    def __init__(self, *, max_waiting: int, threads: int | None = None) -> None:
        self._threads = threads or _available_cores()
        self._limiter = CapacityLimiter(self._threads)
        self._max_waiting = max_waiting
        self._throughput = ThroughputEstimate()

    @property
    def depth(self) -> int:
        """Number of calls that wait for a thread."""
        return self._limiter.statistics().tasks_waiting

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(*args, **kwargs)` in a thread. A call cancelled in the queue never runs.

        Raises:
            Overloaded: the queue is full.
        """
        if self.depth >= self._max_waiting:
            retry_after = self._throughput.retry_after(self.depth // self._threads)
            raise Overloaded(
                f"{self.depth} calls already wait for a worker thread, the maximum; "
                "try again after the time in Retry-After",
                retry_after=retry_after,
            )
        return await self.run_unbounded(function, *args, **kwargs)

    async def run_unbounded(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run like `run`, even if the queue is full. Use it for the last step of expensive work."""

        def timed() -> T:
            started = perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self._throughput.record(1, perf_counter() - started)

        return await to_thread.run_sync(timed, limiter=self._limiter)


def _available_cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1
