"""Worker threads for blocking work, such as Pillow's, which must not run on the event loop.

Each kind of work has a pool of its own, so one kind cannot take the threads of another. Pictures that are
ready wait for the encoding pool only, however many uploads wait for the decoding pool.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import ParamSpec, TypeVar

from anyio import to_thread

from service.deadline import current_deadline
from service.errors import DeadlineExceeded, Overloaded
from service.inference.limited import Limited
from service.inference.throughput import ThroughputEstimate
from service.tracebacks import clear_locals

P = ParamSpec("P")
T = TypeVar("T")


class Workers(Limited):
    """Runs functions in a bounded number of threads, with a bounded queue.

    A call whose request has too little time left when its turn comes is not run.

    Args:
        max_waiting: calls of `run` that may wait for a thread.
        name: name of the pool in metrics and messages.
        threads: calls that may run at the same time. Defaults to the cores that this process may use.
    """

    def __init__(self, *, max_waiting: int, name: str = "workers", threads: int | None = None) -> None:
        self._threads = threads or _available_cores()
        super().__init__(name, self._threads)
        self._max_waiting = max_waiting
        self._throughput = ThroughputEstimate()

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(*args, **kwargs)` in a thread. A call cancelled in the queue never runs.

        Raises:
            Overloaded: the queue is full.
            DeadlineExceeded: the call would end after the request's deadline.
        """
        if self.waiting >= self._max_waiting:
            retry_after = self._throughput.retry_after(self.waiting // self._threads)
            raise Overloaded(
                f"{self.waiting} calls already wait for {self.name}, the maximum; "
                "try again after the time in Retry-After",
                retry_after=retry_after,
            )
        return await self.run_unbounded(function, *args, **kwargs)

    async def run_unbounded(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run like `run`, even if the queue is full. Use it for the last step of expensive work."""

        def timed() -> T | _Raised:
            if not current_deadline().allows(self._throughput.seconds_per_item):
                return _Raised(
                    DeadlineExceeded(f"the request waited too long for {self.name}; try again later")
                )
            started = perf_counter()
            try:
                return function(*args, **kwargs)
            except BaseException as error:
                clear_locals(error)  # its frames may hold decoded pictures
                return _Raised(error)
            finally:
                self._throughput.record(1, perf_counter() - started)

        outcome = await to_thread.run_sync(timed, limiter=self._limiter)
        if not isinstance(outcome, _Raised):
            return outcome
        try:
            raise outcome.error
        finally:
            del outcome  # the error refers to this frame, so the frame must not refer to the error


@dataclass(frozen=True)
class _Raised:
    """An error that a function raised in its thread. Raised there, anyio's own frames would keep it alive."""

    error: BaseException


def _available_cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1
