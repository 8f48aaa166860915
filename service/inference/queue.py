"""Requests that wait for the device, in one queue for each batch key. No threads and no clock."""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from torch import Tensor

from service.deadline import Deadline
from service.tracebacks import drop_tracebacks

BACKGROUND_DELAY = 1.0
"""Seconds added to the arrival time of a background request, to let foreground requests go first."""


@dataclass(eq=False, kw_only=True)
class Request:
    """One call of the engine: its inputs, its progress and its future.

    Args:
        batch_key: requests with the same key may share a forward pass.
        function: maps a batch of inputs to a batch of results.
        inputs: tensors of [items, ...].
        items: length of the inputs' leading axis.
        arrived: time of arrival in seconds.
        background: whether foreground requests go first.
        deadline: the moment after which nobody needs the result.
        future: receives the result.
        dispatched: number of items that forward passes have taken.
        results: results of finished slices, in order.
        forward_started: when its first forward pass began, in seconds of `perf_counter`.
        forward_ended: when its last forward pass ended.
    """

    batch_key: Hashable
    function: Callable[..., Tensor]
    inputs: tuple[Tensor, ...]
    items: int
    arrived: float
    background: bool = False
    deadline: Deadline = field(default_factory=lambda: Deadline(float("inf")))
    future: asyncio.Future[Tensor]
    dispatched: int = 0
    results: list[Tensor] = field(default_factory=list)
    forward_started: float | None = None
    forward_ended: float = 0.0

    @property
    def due(self) -> float:
        """The time that orders the queues: the arrival, plus the delay of background requests."""
        return self.arrived + (BACKGROUND_DELAY if self.background else 0)

    @property
    def waiting(self) -> int:
        """Number of items that no forward pass has taken."""
        return self.items - self.dispatched

    def answer(self, outcome: Tensor | BaseException) -> None:
        """Set the future's result or exception, unless the caller has cancelled it."""
        if self.future.done():
            return
        if isinstance(outcome, Tensor):
            self.future.set_result(outcome)
        elif isinstance(outcome, Exception) and not isinstance(outcome, StopIteration):
            self.future.set_exception(outcome)
        else:  # a future refuses StopIteration, and SystemExit would end the event loop
            self.future.set_exception(RuntimeError(f"the forward pass raised {outcome!r}"))

    def forget_error(self) -> None:
        """Drop the traceback of an error that the caller will not see, because it was cancelled.

        The traceback's frames refer to this request, and its future to the error: only the garbage collector
        would free them.
        """
        if self.future.done() and not self.future.cancelled() and (error := self.future.exception()):
            drop_tracebacks(error)


@dataclass(frozen=True)
class RequestSlice:
    """Items [start, stop) of one request; a forward pass takes one or more slices."""

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
    """One FIFO queue for each batch key. The queue with the earliest due request is served next."""

    def __init__(self) -> None:
        self._queues: dict[Hashable, deque[Request]] = {}
        self._depth = 0

    @property
    def depth(self) -> int:
        """Number of waiting foreground items in all queues."""
        return self._depth

    @property
    def empty(self) -> bool:
        """Whether no request waits, in the foreground or background."""
        return not self._queues

    def push(self, request: Request) -> None:
        self._queues.setdefault(request.batch_key, deque()).append(request)
        self._count(request, request.waiting)

    def next_key(self) -> Hashable:
        """Return the batch key to serve next. Raises KeyError if no request waits."""
        if not self._queues:
            raise KeyError("no request waits")
        return min(self._queues, key=lambda batch_key: self._queues[batch_key][0].due)

    def first_arrival(self, batch_key: Hashable) -> float:
        """Return the arrival time of the queue's first request, or minus infinity if the queue is empty."""
        return self._queues[batch_key][0].arrived if batch_key in self._queues else float("-inf")

    def count_requests(self, batch_key: Hashable) -> int:
        """Return the number of requests that wait in one queue."""
        return len(self._queues.get(batch_key, ()))

    def count_items(self, batch_key: Hashable) -> int:
        """Return the number of items that wait in one queue."""
        return sum(request.waiting for request in self._queues.get(batch_key, ()))

    def take(self, batch_key: Hashable, max_items: int) -> list[RequestSlice]:
        """Remove the queue's first `max_items` items and return them. The last request may be cut."""
        slices: list[RequestSlice] = []
        requests = self._queues.get(batch_key)
        while requests and max_items:
            request = requests[0]
            taken = RequestSlice(
                request, request.dispatched, min(request.items, request.dispatched + max_items)
            )
            slices.append(taken)
            request.dispatched = taken.stop
            max_items -= taken.items
            self._count(request, -taken.items)
            if not request.waiting:
                requests.popleft()
        self._delete_if_empty(batch_key)
        return slices

    def drop_late(self, batch_key: Hashable, seconds_per_item: float) -> list[Request]:
        """Remove the queue's requests that would be done after their deadline, and return them."""
        late = [
            request
            for request in self._queues.get(batch_key, ())
            if not request.deadline.allows(seconds_per_item * request.waiting)
        ]
        for request in late:
            self.drop(request)
        return late

    def drop(self, request: Request) -> None:
        """Remove the waiting items of a request. Does nothing if none wait."""
        requests = self._queues.get(request.batch_key)
        if requests and request in requests:
            requests.remove(request)
            self._count(request, -request.waiting)
            self._delete_if_empty(request.batch_key)

    def clear(self) -> list[Request]:
        """Empty all queues and return their requests."""
        requests = [request for queue in self._queues.values() for request in queue]
        self._queues.clear()
        self._depth = 0
        return requests

    def _count(self, request: Request, items: int) -> None:
        if not request.background:
            self._depth += items

    def _delete_if_empty(self, batch_key: Hashable) -> None:
        if not self._queues.get(batch_key, True):
            del self._queues[batch_key]
