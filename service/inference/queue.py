"""What waits for the device, in queues of what may share a forward pass. No threads and no clock of its own."""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from torch import Tensor

PATIENCE = 1.0
"""Seconds for which what is computed in the background lets all else go first."""


@dataclass(eq=False, kw_only=True)
class Request:
    """One caller's items, and what has become of them so far.

    `inputs` share their leading axis of `items`; `taken` of them were handed to forward passes,
    whose results gather in `results`, in order.
    """

    queue: Hashable
    function: Callable[..., Tensor]
    inputs: tuple[Tensor, ...]
    items: int
    arrived: float
    background: bool = False
    future: asyncio.Future[Tensor]
    taken: int = 0
    results: list[Tensor] = field(default_factory=list)

    @property
    def due(self) -> float:
        """When it came, as far as its turn goes."""
        return self.arrived + (PATIENCE if self.background else 0)

    @property
    def waiting(self) -> int:
        """Items that no forward pass has taken yet."""
        return self.items - self.taken

    def answer(self, outcome: Tensor | BaseException) -> None:
        """Gives the caller a result or raises at it; nothing happens when the caller has gone."""
        if self.future.done():
            return
        if isinstance(outcome, Tensor):
            self.future.set_result(outcome)
        elif isinstance(outcome, Exception) and not isinstance(outcome, StopIteration):
            self.future.set_exception(outcome)
        else:  # a future refuses StopIteration, and SystemExit would end the event loop
            self.future.set_exception(RuntimeError(f"a forward pass raised {outcome!r}"))


@dataclass(frozen=True)
class Piece:
    """Items [start, stop) of one request: what one forward pass takes of it."""

    request: Request
    start: int
    stop: int

    @property
    def items(self) -> int:
        return self.stop - self.start

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        return tuple(tensor[self.start : self.stop] for tensor in self.request.inputs)


class RequestQueues:
    """First come, first served within a queue; the queue whose first request has been due longest goes next."""

    def __init__(self) -> None:
        self._queues: dict[Hashable, deque[Request]] = {}
        self._depth = 0

    @property
    def depth(self) -> int:
        """Items waiting, in all queues; those of the background do not count."""
        return self._depth

    @property
    def empty(self) -> bool:
        """Whether nothing waits, nor anything of the background."""
        return not self._queues

    def push(self, request: Request) -> None:
        self._queues.setdefault(request.queue, deque()).append(request)
        self._count(request, request.waiting)

    def oldest(self) -> Hashable:
        """The queue to serve next; KeyError when nothing waits."""
        if not self._queues:
            raise KeyError("nothing waits")
        return min(self._queues, key=lambda queue: self._queues[queue][0].due)

    def arrived(self, queue: Hashable) -> float:
        """When the queue's first request came; minus infinity when the queue is empty."""
        return self._queues[queue][0].arrived if queue in self._queues else float("-inf")

    def requests(self, queue: Hashable) -> int:
        """Requests of which items wait in one queue."""
        return len(self._queues.get(queue, ()))

    def items(self, queue: Hashable) -> int:
        """Items waiting in one queue."""
        return sum(request.waiting for request in self._queues.get(queue, ()))

    def take(self, queue: Hashable, most: int) -> list[Piece]:
        """The queue's first `most` items, oldest first; a request that does not fit whole is cut."""
        pieces: list[Piece] = []
        requests = self._queues.get(queue)
        while requests and most:
            request = requests[0]
            piece = Piece(request, request.taken, min(request.items, request.taken + most))
            pieces.append(piece)
            request.taken = piece.stop
            most -= piece.items
            self._count(request, -piece.items)
            if not request.waiting:
                requests.popleft()
        self._forget_if_empty(queue)
        return pieces

    def drop(self, request: Request) -> None:
        """Frees the places of what still waits of a request; nothing happens when nothing does."""
        requests = self._queues.get(request.queue)
        if requests and request in requests:
            requests.remove(request)
            self._count(request, -request.waiting)
            self._forget_if_empty(request.queue)

    def clear(self) -> list[Request]:
        """Empties all queues and returns what was in them."""
        requests = [request for queue in self._queues.values() for request in queue]
        self._queues.clear()
        self._depth = 0
        return requests

    def _count(self, request: Request, items: int) -> None:
        if not request.background:
            self._depth += items

    def _forget_if_empty(self, queue: Hashable) -> None:
        if not self._queues.get(queue, True):
            del self._queues[queue]
