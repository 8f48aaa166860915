"""Single flight: concurrent callers with the same key share one computation."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from service.deadline import Deadline, current_deadline, shared_deadline
from service.tracebacks import drop_tracebacks, forget_cancellation

T = TypeVar("T")


@dataclass(eq=False)
class _Call(Generic[T]):
    """A computation that is running, its deadline, and the number of callers that were not cancelled."""

    task: asyncio.Task[T]
    deadline: Deadline
    callers: int = 0

    def drop_unseen_error(self) -> None:
        """Drop the traceback of an error that no caller gets, whose frames keep the error alive."""
        if not self.callers and not self.task.cancelled() and (error := self.task.exception()) is not None:
            drop_tracebacks(error)


class SingleFlight(Generic[T]):
    """Runs one computation for each key at a time.

    Each computation is a task of its own. Cancelling a caller does not affect the others. The task is
    cancelled when its last caller is. Its deadline is the latest of its callers' deadlines. Results are not
    cached.
    """

    def __init__(self) -> None:
        self._calls: dict[str, _Call[T]] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def __contains__(self, key: str) -> bool:
        return key in self._calls

    async def run(self, key: str, compute: Callable[[], Coroutine[None, None, T]]) -> T:
        """Return the result of the running computation for `key`, or start `compute()` if there is none.

        Raises:
            Exception: the error of the computation; every caller gets it.
        """
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = self._start(compute)
            call.task.add_done_callback(partial(self._on_done, key, call))
        call.deadline.extend(current_deadline().at)
        call.callers += 1
        try:
            return await asyncio.shield(call.task)
        except asyncio.CancelledError:
            call.callers -= 1
            if call.task.done():
                call.drop_unseen_error()
            elif not call.callers:
                # Before the cancellation: a new caller must not join a cancelled task.
                self._forget(key, call)
                call.task.cancel()
            raise
        finally:
            del call  # a raised error refers to this frame, so the frame must not refer to the task

    def _start(self, compute: Callable[[], Coroutine[None, None, T]]) -> _Call[T]:
        deadline = Deadline(current_deadline().at)
        with shared_deadline(deadline):  # the new task copies this context
            return _Call(asyncio.create_task(compute()), deadline)

    def _on_done(self, key: str, call: _Call[T], task: asyncio.Task[T]) -> None:
        self._forget(key, call)
        if task.cancelled():
            forget_cancellation(task)
        else:
            task.exception()  # marks the error as retrieved, or asyncio warns when no caller is left
            call.drop_unseen_error()

    def _forget(self, key: str, call: _Call[T]) -> None:
        if self._calls.get(key) is call:
            del self._calls[key]
