"""Micro-batches in front of one device: many callers, one forward thread, a bounded queue between them."""

import asyncio
import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Condition, Event, Thread
from time import perf_counter

import torch
from torch import Tensor

from service.errors import NotReady, Overloaded, ParameterInvalid
from service.inference.forward import Outcome, forward
from service.inference.queue import Piece, Request, RequestQueues
from service.inference.throughput import ThroughputEstimate

logger = logging.getLogger(__name__)

CPU = torch.device("cpu")
REST_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One forward pass, told to `on_batch`. Times in seconds; `waited` is that of its oldest request."""

    queue: Hashable
    requests: int
    items: int
    failed: int
    waited: float
    took: float


class Engine:
    """Runs functions of tensors on one device, a batch at a time.

    A batch is whatever came in for one queue during the last forward pass, at most `batch_items`; larger requests
    are cut into several batches. The queue that has waited longest goes next, one of the background as if it had come
    `PATIENCE` later: it fills the time that requests leave, and has its turn now and then where they leave none. Where the last batch was of the same
    queue and answered more requests than have come since, it pays to wait until as many are back, at most `wait_ms`
    from the oldest one's arrival; a caller alone never waits.

    Args:
        queue_items: items, not requests, that may wait.
        device: where inputs are moved before a forward pass; results always come back to the CPU.
        threads: CPU threads of a forward pass; None leaves it to torch.
        on_batch: told of every batch, from the forward thread.
        on_rest: called there when nothing has come for `REST_SECONDS` after a batch.
    """

    def __init__(
        self,
        *,
        queue_items: int,
        batch_items: int,
        wait_ms: float,
        device: torch.device = CPU,
        threads: int | None = None,
        on_batch: Callable[[Batch], None] | None = None,
        on_rest: Callable[[], None] | None = None,
    ) -> None:
        self._queue_items = queue_items
        self._batch_items = batch_items
        self._wait = wait_ms / 1000
        self._device = device
        self._threads = threads
        self._on_batch = on_batch
        self._on_rest = on_rest
        self._throughput = ThroughputEstimate()
        self._queues = RequestQueues()
        self._arrival = Condition()  # guards _queues and _open; notified when there is something to do
        self._open = False
        self._in_forward = 0
        self._rested = True
        self._last: tuple[Hashable, int] = (None, 0)  # queue and requests of the last batch
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._started = Event()

    @property
    def depth(self) -> int:
        """Items waiting; those in the forward pass that runs now do not count, nor those of the background."""
        return self._queues.depth

    async def start(self) -> None:
        if self._thread is not None:
            raise RuntimeError("this engine was started before")
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._thread = Thread(target=self._serve, name="forward", daemon=True)
        self._thread.start()
        await asyncio.to_thread(self._started.wait)

    async def stop(self, within: float | None = None) -> None:
        """Refuses what comes from now on and computes what already waits.

        What does not fit into `within` seconds gets NotReady; the forward pass that runs then is waited for.
        """
        with self._arrival:
            self._open = False
            self._arrival.notify()
        if self._thread is None:
            return
        await asyncio.to_thread(self._thread.join, within)
        self._abandon()
        await asyncio.to_thread(self._thread.join)

    async def run(
        self, queue: Hashable, function: Callable[..., Tensor], *inputs: Tensor, background: bool = False
    ) -> Tensor:
        """`function(*inputs)`, computed together with other callers' inputs of the same queue.

        Args:
            queue: what may share a forward pass. Of one queue's functions any may be called for all.
            function: takes and returns batches; called in inference mode, on the forward thread.
            inputs: [n, ...] each, of one n.
            background: lets requests go first and takes no room in the queue; of a queue either all or none are so.

        Returns:
            [n, ...], on the CPU, detached.

        Raises:
            Overloaded: the queue has no room for n items.
            NotReady: not started, or stopping.
            Exception: what `function` raised for these inputs when called with them alone.
        """
        request = self._request(queue, function, inputs, background)
        with self._arrival:
            self._admit(request)
            self._queues.push(request)
            self._arrival.notify()
        try:
            return await request.future
        except asyncio.CancelledError:
            with self._arrival:
                self._queues.drop(request)
            raise

    def _request(
        self, queue: Hashable, function: Callable[..., Tensor], inputs: tuple[Tensor, ...], background: bool
    ) -> Request:
        sizes = {tensor.shape[0] for tensor in inputs}
        if len(sizes) != 1 or 0 in sizes:
            raise ValueError(f"inputs must share a leading axis of at least 1, not {sorted(sizes)}")
        future: asyncio.Future[Tensor] = asyncio.get_running_loop().create_future()
        arrived = perf_counter()
        return Request(
            queue=queue,
            function=function,
            inputs=inputs,
            items=sizes.pop(),
            arrived=arrived,
            background=background,
            future=future,
        )

    def _admit(self, request: Request) -> None:
        if not self._open:
            raise NotReady("The service is starting or stopping; try again shortly.")
        if request.background:
            return
        if request.items > self._queue_items:
            raise ParameterInvalid(
                f"The request has {request.items} items; this service takes at most {self._queue_items} at once."
            )
        if self._queues.depth + request.items > self._queue_items:
            raise Overloaded(
                f"{self._queues.depth} items are waiting for the model, of {self._queue_items} that may.",
                retry_after=self._throughput.retry_after(
                    self._queues.depth + self._in_forward + request.items
                ),
            )

    # On the forward thread from here on.

    def _serve(self) -> None:
        try:
            if self._threads is not None:
                torch.set_num_threads(
                    self._threads
                )  # for this thread, and for all that ask torch for the first time later
                torch.get_num_threads()  # asks for the first time: from here on this thread's number is its own
            self._started.set()
            while (pieces := self._next()) is not None:
                if not pieces:
                    self._rest()
                    continue
                try:
                    self._forward(pieces)
                except BaseException as error:
                    # Whatever it is, these callers wait for an answer and all others for the device.
                    self._settle([self._book(piece, error) for piece in pieces])
                del pieces  # or the last batch's pictures stay in memory while the engine idles
        finally:
            with self._arrival:
                self._open = False
            self._abandon()

    def _next(self) -> list[Piece] | None:
        """Waits for the next batch; none of it when it is time to rest, None when stopping and nothing waits any more."""
        with self._arrival:
            while True:
                while self._queues.empty:
                    if not self._open:
                        return None
                    if not self._arrival.wait(None if self._rested else REST_SECONDS):
                        self._rested = True
                        return []
                queue = self._queues.oldest()
                while self._open and self._expects_company(queue):
                    left = self._queues.arrived(queue) + self._wait - perf_counter()
                    if left <= 0:
                        break
                    self._arrival.wait(left)
                pieces = self._queues.take(queue, self._batch_items)
                if pieces:  # none if all their callers left meanwhile
                    self._rested = False
                    return pieces

    def _rest(self) -> None:
        if self._on_rest is not None:
            try:
                self._on_rest()
            except Exception:
                logger.exception("what is done at rest failed")

    def _expects_company(self, queue: Hashable) -> bool:
        last_queue, last_requests = self._last
        return (
            queue == last_queue
            and 0 < self._queues.requests(queue) < last_requests
            and self._queues.items(queue) < self._batch_items
        )

    def _forward(self, pieces: list[Piece]) -> None:
        items = sum(piece.items for piece in pieces)
        self._in_forward = items
        if not pieces[0].request.background:
            self._last = (pieces[0].request.queue, len(pieces))
        started = perf_counter()
        outcomes = forward(pieces, self._device)
        took = perf_counter() - started
        self._in_forward = 0
        self._throughput.record(items, took)
        batch = Batch(
            queue=pieces[0].request.queue,
            requests=len(pieces),
            items=items,
            failed=sum(isinstance(outcome, BaseException) for outcome in outcomes),
            waited=started - min(piece.request.arrived for piece in pieces),
            took=took,
        )
        self._tell(batch)  # before the answers: whoever has one finds its batch counted
        self._settle([self._book(piece, outcome) for piece, outcome in zip(pieces, outcomes, strict=True)])

    def _book(self, piece: Piece, outcome: Outcome) -> tuple[Request, Outcome | None]:
        """A request with its answer, or with None while there is more of it to compute."""
        request = piece.request
        if isinstance(outcome, BaseException):
            with self._arrival:
                self._queues.drop(request)
            return request, outcome
        request.results.append(outcome)
        if piece.stop < request.items:
            return request, None
        return request, request.results[0] if len(request.results) == 1 else torch.cat(request.results)

    def _abandon(self) -> None:
        """Answers everything that still waits with NotReady."""
        with self._arrival:
            requests = self._queues.clear()
        self._settle(
            [(request, NotReady("The service is stopping; try again shortly.")) for request in requests]
        )

    def _settle(self, answers: list[tuple[Request, Outcome | None]]) -> None:
        """Hands answers to their callers, on the event loop, in one go."""
        assert self._loop is not None
        if not answers:
            return
        try:
            self._loop.call_soon_threadsafe(_answer, answers)
        except RuntimeError:  # the loop is closed: nobody waits any more
            logger.warning("%d answers came after the event loop was closed", len(answers))

    def _tell(self, batch: Batch) -> None:
        if batch.failed:
            logger.warning(
                "%d of %d requests failed in a forward pass of %s", batch.failed, batch.requests, batch.queue
            )
        if self._on_batch is not None:
            try:
                self._on_batch(batch)
            except Exception:
                logger.exception("the observer of batches failed")


def _answer(answers: list[tuple[Request, Outcome | None]]) -> None:
    for request, outcome in answers:
        if outcome is not None:
            request.answer(outcome)
