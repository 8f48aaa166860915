"""Threads for the blocking work of galleries: SQLite, FAISS and files.

A gallery can stall: another process holds its lock, or its files are on a disk that does not answer. Then it
keeps only its own threads, and the other galleries go on.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Generic, ParamSpec, TypeVar, cast

from service.deadline import current_deadline, remaining
from service.errors import DeadlineExceeded, GalleryBusy, Overloaded
from service.galleries.threads.caller import calling
from service.galleries.threads.daemon_threads import DaemonThreads
from service.galleries.threads.turns import Turns

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 32
"""Calls of all galleries that run at the same time. Stalled calls do not count."""
STALL_SECONDS = 2.0
"""A call that takes longer is stalled. If all calls of a gallery are, it refuses further ones."""
MAX_STALLED = 64
"""Stalled calls of all galleries that do not count. Without a limit, a broken disk could take all memory."""
MARGIN = 0.05
"""Share of the time until the deadline that is left for the answer."""


@dataclass(eq=False)
class _Call(Generic[T]):
    """A running call. Its outcome is set by its thread, unless the caller has left."""

    name: str
    turns: Turns
    outcome: asyncio.Future[T]
    stalled: bool = False


class GalleryThreads:
    """Runs functions in threads, with a limit for each gallery and a limit for all.

    A call waits at most until the deadline of its request. Then the caller gets GalleryBusy, and the thread
    runs on. It counts for its gallery until it returns. It begins no change any more (`check_caller`).

    Args:
        name: name of the pool in metrics and messages.
        per_gallery: calls of one gallery that may run at the same time.
        max_waiting: calls of one gallery that may wait.
        stall_seconds: duration after which a call is stalled.
    """

    def __init__(
        self, name: str, *, per_gallery: int, max_waiting: int, stall_seconds: float = STALL_SECONDS
    ) -> None:
        self.name = name
        self.running = 0
        """Calls that run in a thread, including stalled ones."""
        self.waiting = 0
        """Calls that wait for a thread."""
        self.stalled = 0
        """Calls that have run for more than `stall_seconds` and do not count for `THREADS`."""
        self._per_gallery, self._max_waiting = per_gallery, max_waiting
        self._stall_seconds = stall_seconds
        self._galleries: dict[str, Turns] = {}
        self._slots = asyncio.Semaphore(THREADS)
        self._threads = DaemonThreads(name, max_idle=2 * per_gallery)

    async def run(self, name: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(*args, **kwargs)`, which uses this gallery, in a thread.

        Raises:
            GalleryBusy: the gallery does not answer in time.
            Overloaded: too many calls of this gallery wait.
            DeadlineExceeded: the request has no time left.
        """
        try:
            return await self._run(name, partial(function, *args, **kwargs))
        except GalleryBusy:
            current_deadline().blocked = True
            raise

    def is_stalled(self, name: str) -> bool:
        """Return whether a gallery refuses calls, because all its calls are stalled."""
        turns = self._galleries.get(name)
        return turns is not None and self._stalls(turns)

    async def drain(self, seconds: float) -> None:
        """Wait until all calls have ended, at most this long."""
        until = monotonic() + seconds
        while self.running and monotonic() < until:
            await asyncio.sleep(0.02)

    async def _run(self, name: str, function: Callable[[], T]) -> T:
        until = monotonic() + (1 - MARGIN) * remaining()
        turns = self._galleries.setdefault(name, Turns(self._per_gallery))
        turns.calls += 1
        try:
            await self._enter(name, turns, until)
        except BaseException:
            self._leave(name, turns)
            raise
        seconds = until - monotonic()
        with calling() as caller:
            call = self._start(name, turns, function)
        try:
            async with asyncio.timeout(_timeout(until)) as timer:
                return await call.outcome
        except TimeoutError:
            if not timer.expired():
                raise  # by the function
            caller.has_left = True
            raise self._late(name, seconds) from None
        except asyncio.CancelledError:
            caller.has_left = True
            raise
        finally:
            del call  # an exception refers to this frame, and the call to the exception

    def _stalls(self, turns: Turns) -> bool:
        return not turns.free and monotonic() - turns.progress >= self._stall_seconds

    async def _enter(self, name: str, turns: Turns, until: float) -> None:
        """Wait for the gallery, then for one of the threads."""
        if self._stalls(turns):
            raise self._busy(name)
        if len(turns.waiters) >= self._max_waiting:
            raise Overloaded(
                f"{len(turns.waiters)} requests already wait for gallery {name!r}, the maximum; "
                "try again after the time in Retry-After"
            )
        self.waiting += 1
        try:
            await self._wait_for_turn(name, turns, until)
            try:
                async with asyncio.timeout(_timeout(until)):
                    await self._slots.acquire()
            except BaseException as error:
                turns.give_back()
                if isinstance(error, TimeoutError):
                    raise DeadlineExceeded(f"the request waited too long for {self.name}") from None
                raise
        finally:
            self.waiting -= 1

    async def _wait_for_turn(self, name: str, turns: Turns, until: float) -> None:
        """Wait as long as the gallery's calls make progress."""
        began = monotonic()
        turn = turns.take()
        try:
            while not turn.done():
                await asyncio.wait({turn}, timeout=_timeout(min(until, turns.progress + self._stall_seconds)))
                if turn.done():
                    break
                if monotonic() >= until:
                    raise self._late(name, until - began)
                if self._stalls(turns):
                    raise self._busy(name)
            turn.result()
        except BaseException:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                turns.give_back()
            turn.cancel()
            raise

    def _start(self, name: str, turns: Turns, function: Callable[[], T]) -> _Call[T]:
        loop = asyncio.get_running_loop()
        call: _Call[T] = _Call(name, turns, loop.create_future())
        turns.progress = monotonic()
        self.running += 1
        timer = loop.call_later(self._stall_seconds, self._mark_stalled, call)
        finish = partial(self._finish, call, timer)
        self._threads.submit(partial(_run_here, loop, copy_context(), function, finish))
        return call

    def _mark_stalled(self, call: _Call[T]) -> None:
        if self.stalled < MAX_STALLED:
            call.stalled = True
            self.stalled += 1
            self._slots.release()

    def _finish(
        self,
        call: _Call[T],
        timer: asyncio.TimerHandle,
        outcome: T | None,
        error: BaseException | None,
    ) -> None:
        timer.cancel()
        self.running -= 1
        if call.stalled:
            self.stalled -= 1
        else:
            self._slots.release()
        call.turns.progress = monotonic()
        if isinstance(error, GalleryBusy):
            call.turns.refuse_waiters(self._busy(call.name))
        call.turns.give_back()
        self._leave(call.name, call.turns)
        if call.outcome.done():  # the caller has left
            return
        if error is None:
            call.outcome.set_result(cast(T, outcome))
        else:
            call.outcome.set_exception(error)

    def _leave(self, name: str, turns: Turns) -> None:
        turns.calls -= 1
        if not turns.calls:
            del self._galleries[name]

    def _late(self, name: str, seconds: float) -> GalleryBusy | DeadlineExceeded:
        """Return the error of a call that did not end by the deadline."""
        if seconds < 1:  # the time was spent before this call
            return DeadlineExceeded("the request has no time left; try again later")
        return self._busy(name)

    @staticmethod
    def _busy(name: str) -> GalleryBusy:
        return GalleryBusy(
            f"gallery {name!r} does not answer: another process holds its lock, or its disk stalls;"
            " try again after the time in Retry-After"
        )


def _timeout(until: float) -> float | None:
    return None if until == float("inf") else until - monotonic()


def _run_here(
    loop: asyncio.AbstractEventLoop,
    context: Context,
    function: Callable[[], T],
    finish: Callable[[T | None, BaseException | None], None],
) -> None:
    """Run a function in this thread, and hand its outcome to the event loop."""
    outcome, error = None, None
    try:
        outcome = context.run(function)
    except BaseException as raised:
        error = raised
    with suppress(RuntimeError):  # the event loop is closed: nobody waits
        loop.call_soon_threadsafe(finish, outcome, error)
    del outcome, error, function, finish  # the error's traceback refers to this frame
