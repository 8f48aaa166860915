"""The queue between callers and the forward thread: admits requests and forms micro-batches. Thread-safe."""

from collections.abc import Callable, Hashable, Sequence
from threading import Condition
from time import perf_counter

from service.errors import NotReady, Overloaded, ParameterInvalid
from service.inference.queue import Request, RequestQueues, RequestSlice
from service.inference.throughput import ThroughputEstimate

IDLE_SECONDS = 30.0
"""Seconds without a request after a batch until `next_batch` reports idleness."""


class BatchQueue:
    """A bounded queue of requests that gives batches to one forward thread.

    A batch holds the requests of one batch key that arrived during the last forward pass, up to
    `batch_items`. A larger request is cut into several batches. The key with the oldest request is served
    next. A background request counts as `BACKGROUND_DELAY` seconds younger: it uses idle time, but still gets
    a turn under load.

    Clients often send their next request as soon as they have an answer. If the last batch had the same key
    and more requests than are waiting now, `next_batch` waits for the missing ones, at most `max_wait`
    seconds after the oldest request's arrival. A single client never waits.

    Requests that would be done after their deadline are dropped when their queue's turn comes.

    Args:
        max_items: foreground items that may wait.
        batch_items: items of one batch.
        max_wait: longest wait for a fuller batch, in seconds.
        on_late: called with the requests that are dropped. It must not block.
    """

    def __init__(
        self,
        *,
        max_items: int,
        batch_items: int,
        max_wait: float,
        on_late: Callable[[Sequence[Request]], None] | None = None,
    ) -> None:
        self._max_items = max_items
        self._batch_items = batch_items
        self._max_wait = max_wait
        self._on_late = on_late
        self._throughput = ThroughputEstimate()
        self._changed = Condition()  # guards _queues and _open; notified when either changes
        self._queues = RequestQueues()
        self._open = False
        self._items_in_forward = 0
        self._idle = True  # whether idleness was reported since the last batch
        self._last_key: Hashable = None
        self._last_requests = 0

    @property
    def depth(self) -> int:
        """Number of waiting foreground items, without those of the current batch."""
        return self._queues.depth

    def open(self) -> None:
        """Admit requests from now on."""
        with self._changed:
            self._open = True

    def close(self) -> None:
        """Refuse new requests. `next_batch` returns the waiting ones without delay, and then None."""
        with self._changed:
            self._open = False
            self._changed.notify()

    def push(self, request: Request) -> None:
        """Add a request.

        Raises:
            NotReady: the queue is closed.
            ParameterInvalid: the request is larger than the whole queue.
            Overloaded: the queue has no room for the request.
        """
        with self._changed:
            self._check_admission(request)
            self._queues.push(request)
            self._changed.notify()

    def drop(self, request: Request) -> None:
        """Remove the waiting items of a request."""
        with self._changed:
            self._queues.drop(request)

    def clear(self) -> list[Request]:
        """Remove all waiting requests and return them."""
        with self._changed:
            return self._queues.clear()

    def next_batch(self) -> list[RequestSlice] | None:
        """Wait for the next batch. For the forward thread.

        Returns:
            The slices of one batch. [] once after `IDLE_SECONDS` without a request. None if the queue is
            closed and empty.
        """
        with self._changed:
            while True:
                while self._queues.empty:
                    if not self._open:
                        return None
                    if not self._changed.wait(None if self._idle else IDLE_SECONDS):
                        self._idle = True
                        return []
                batch_key = self._queues.next_key()
                self._wait_for_more(batch_key)
                self._drop_late(batch_key)
                slices = self._queues.take(batch_key, self._batch_items)
                if slices:  # empty if all callers were cancelled during the wait, or all requests were late
                    self._idle = False
                    self._items_in_forward = sum(each.items for each in slices)
                    if not slices[0].request.background:
                        self._last_key, self._last_requests = batch_key, len(slices)
                    return slices

    def batch_done(self, items: int, seconds: float) -> None:
        """Record the duration of a forward pass, for `Retry-After`. For the forward thread."""
        self._items_in_forward = 0
        self._throughput.record(items, seconds)

    def _check_admission(self, request: Request) -> None:
        if not self._open:
            raise NotReady("the service is starting or stopping; try again in a few seconds")
        if request.background:
            return
        if request.items > self._max_items:
            raise ParameterInvalid(
                f"the request has {request.items} items; send at most {self._max_items} at once"
            )
        if self._queues.depth + request.items > self._max_items:
            ahead = self._queues.depth + self._items_in_forward
            raise Overloaded(
                f"the model's queue is full: {self._queues.depth} of {self._max_items} items wait; "
                "try again after the time in Retry-After",
                retry_after=self._throughput.retry_after(ahead + request.items),
            )

    def _drop_late(self, batch_key: Hashable) -> None:
        late = self._queues.drop_late(batch_key, self._throughput.seconds_per_item)
        if late and self._on_late is not None:
            self._on_late(late)

    def _wait_for_more(self, batch_key: Hashable) -> None:
        while self._open and self._expects_more(batch_key):
            remaining = self._queues.first_arrival(batch_key) + self._max_wait - perf_counter()
            if remaining <= 0:
                return
            self._changed.wait(remaining)

    def _expects_more(self, batch_key: Hashable) -> bool:
        return (
            batch_key == self._last_key
            and 0 < self._queues.count_requests(batch_key) < self._last_requests
            and self._queues.count_items(batch_key) < self._batch_items
        )
