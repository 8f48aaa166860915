"""The order in which the calls of one gallery run."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from time import monotonic

from service.errors import GalleryBusy


@dataclass(eq=False)
class Turns:
    """The calls of one gallery: those that run, and those that wait for their turn.

    Attributes:
        free: calls that may start now.
        calls: calls that wait or run.
        waiters: one for each call that waits, oldest first.
        progress: when a call last began or ended, on the clock `monotonic`.
    """

    free: int
    calls: int = 0
    waiters: deque[asyncio.Future[None]] = field(default_factory=deque)
    progress: float = field(default_factory=monotonic)

    def take(self) -> asyncio.Future[None]:
        """Return a future that is done when the caller may start its call."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.free:
            self.free -= 1
            turn.set_result(None)
        else:
            self.waiters.append(turn)
        return turn

    def give_back(self) -> None:
        """Let the next call start."""
        while self.waiters:
            turn = self.waiters.popleft()
            if not turn.done():  # a cancelled caller has left
                turn.set_result(None)
                return
        self.free += 1

    def refuse_waiters(self, error: GalleryBusy) -> None:
        """Make all calls that wait fail: they would wait for the same lock, one after the other."""
        while self.waiters:
            turn = self.waiters.popleft()
            if not turn.done():
                turn.set_exception(error)
