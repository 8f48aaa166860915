"""The engine: dynamic micro-batching in front of one device, with one forward thread and a bounded queue."""

import asyncio
import logging
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from time import perf_counter

import torch
from torch import Tensor

from service.deadline import current_deadline
from service.errors import DeadlineExceeded, NotReady
from service.inference.batching import BatchQueue
from service.inference.forward import Outcome, forward
from service.inference.queue import Request, RequestSlice
from service.tracing import record_span

logger = logging.getLogger(__name__)

CPU = torch.device("cpu")


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Measurements of one forward pass, for `on_batch`.

    Args:
        key: the batch key of its requests.
        requests: number of requests in the batch.
        items: number of items in the batch.
        failed: number of requests that raised.
        wait_seconds: waiting time of its oldest request.
        forward_seconds: duration of the forward pass.
    """

    key: Hashable
    requests: int
    items: int
    failed: int
    wait_seconds: float
    forward_seconds: float


class Engine:
    """Runs functions of tensors on one device, in micro-batches. See `BatchQueue` for the batching policy.

    Args:
        queue_items: items, not requests, that may wait.
        batch_items: items of one forward pass.
        wait_ms: longest wait for a fuller batch, in milliseconds.
        device: where inputs are moved before a forward pass. Results are moved to the CPU.
        threads: CPU threads of a forward pass; None leaves torch's default.
        on_batch: called on the forward thread after each batch.
        on_idle: called on the forward thread if no request has arrived for `batching.IDLE_SECONDS` after a
            batch.
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
        on_idle: Callable[[], None] | None = None,
    ) -> None:
        self._queue = BatchQueue(
            max_items=queue_items,
            batch_items=batch_items,
            max_wait=wait_ms / 1000,
            on_late=self._reject_late,
        )
        self._device = device
        self._threads = threads
        self._on_batch = on_batch
        self._on_idle = on_idle
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._started = Event()

    @property
    def depth(self) -> int:
        """Number of waiting foreground items, without those of the current forward pass."""
        return self._queue.depth

    async def start(self) -> None:
        """Start the forward thread and admit requests. Raises RuntimeError if called twice."""
        if self._thread is not None:
            raise RuntimeError("the engine can be started only once")
        self._loop = asyncio.get_running_loop()
        self._queue.open()
        self._thread = Thread(target=self._run_forever, name="forward", daemon=True)
        self._thread.start()
        await asyncio.to_thread(self._started.wait)

    async def stop(self, within: float | None = None) -> None:
        """Refuse new requests and compute the waiting ones.

        Args:
            within: seconds after which waiting requests get NotReady. The current forward pass always
                finishes.
        """
        self._queue.close()
        if self._thread is None:
            return
        await asyncio.to_thread(self._thread.join, within)
        self._reject_waiting()
        await asyncio.to_thread(self._thread.join)

    async def run(
        self, batch_key: Hashable, function: Callable[..., Tensor], *inputs: Tensor, background: bool = False
    ) -> Tensor:
        """Compute `function(*inputs)`, possibly in one batch with other requests of the same key.

        Args:
            batch_key: requests with the same key may share a forward pass. Their functions must be
                equivalent: a batch calls only one of them.
            function: maps batches to a batch. It runs on the forward thread, in inference mode.
            inputs: tensors of [n, ...] with the same n.
            background: foreground requests go first, and this one takes no room in the queue. All requests
                with the same key must be either background or foreground.

        Returns:
            [n, ...], on the CPU, detached.

        Raises:
            Overloaded: the queue has no room for n items.
            ParameterInvalid: n is larger than the whole queue.
            NotReady: the engine has not started, or is stopping.
            DeadlineExceeded: the result would come after the request's deadline.
            Exception: the error of `function` for these inputs alone.
        """
        request = _make_request(batch_key, function, inputs, background)
        self._queue.push(request)
        try:
            return await request.future
        except asyncio.CancelledError:
            self._queue.drop(request)
            request.forget_error()
            raise
        finally:
            _record_spans(request)
            del request  # a raised error refers to this frame, so the frame must not refer to the future

    # The methods below run on the forward thread.

    def _run_forever(self) -> None:
        try:
            if self._threads is not None:
                # This also sets the default of threads that have not used torch yet.
                torch.set_num_threads(self._threads)
                torch.get_num_threads()  # the first query fixes this thread's number
            self._started.set()
            while (slices := self._queue.next_batch()) is not None:
                if not slices:
                    self._run_idle_callback()
                    continue
                try:
                    self._run_batch(slices)
                except BaseException as error:
                    # The thread must survive: these callers wait for an answer, later ones for the device.
                    self._deliver([self._collect(each, error) for each in slices])
                del slices  # frees the inputs while the engine idles
        finally:
            self._queue.close()
            self._reject_waiting()

    def _run_idle_callback(self) -> None:
        if self._on_idle is not None:
            try:
                self._on_idle()
            except Exception:
                logger.exception("the idle callback failed")

    def _run_batch(self, slices: list[RequestSlice]) -> None:
        items = sum(each.items for each in slices)
        started = perf_counter()
        outcomes = forward(slices, self._device)
        forward_seconds = perf_counter() - started
        for each in slices:
            if each.request.forward_started is None:
                each.request.forward_started = started
            each.request.forward_ended = started + forward_seconds
        self._queue.batch_done(items, forward_seconds)
        batch = Batch(
            key=slices[0].request.batch_key,
            requests=len(slices),
            items=items,
            failed=sum(isinstance(outcome, BaseException) for outcome in outcomes),
            wait_seconds=started - min(each.request.arrived for each in slices),
            forward_seconds=forward_seconds,
        )
        self._report(batch)  # before the answers: a caller with an answer finds its batch in the metrics
        self._deliver([self._collect(each, outcome) for each, outcome in zip(slices, outcomes, strict=True)])

    def _report(self, batch: Batch) -> None:
        if batch.failed:
            logger.warning(
                "%d of %d requests failed in a forward pass (batch key %s)",
                batch.failed,
                batch.requests,
                batch.key,
            )
        if self._on_batch is not None:
            try:
                self._on_batch(batch)
            except Exception:
                logger.exception("the batch callback failed")

    def _collect(self, part: RequestSlice, outcome: Outcome) -> tuple[Request, Outcome | None]:
        """Add a slice's outcome to its request. Returns None until the request is complete."""
        request = part.request
        if isinstance(outcome, BaseException):
            self._queue.drop(request)
            return request, outcome
        request.results.append(outcome)
        if part.stop < request.items:
            return request, None
        return request, request.results[0] if len(request.results) == 1 else torch.cat(request.results)

    def _reject_late(self, requests: Sequence[Request]) -> None:
        """Answer requests that would be done after their deadline."""
        error = "the request waited too long for the model; try again later"
        self._deliver([(request, DeadlineExceeded(error)) for request in requests])

    def _reject_waiting(self) -> None:
        """Answer all waiting requests with NotReady."""
        self._deliver(
            [
                (request, NotReady("the service is stopping; use another instance"))
                for request in self._queue.clear()
            ]
        )

    def _deliver(self, outcomes: list[tuple[Request, Outcome | None]]) -> None:
        """Answer requests on the event loop, all in one callback."""
        assert self._loop is not None
        if not outcomes:
            return
        try:
            self._loop.call_soon_threadsafe(_answer, outcomes)
        except RuntimeError:  # the event loop is closed, so no caller is left
            logger.warning("%d results came after the event loop was closed", len(outcomes))


def _make_request(
    batch_key: Hashable, function: Callable[..., Tensor], inputs: tuple[Tensor, ...], background: bool
) -> Request:
    sizes = {tensor.shape[0] for tensor in inputs}
    if len(sizes) != 1 or 0 in sizes:
        raise ValueError(f"inputs must share a leading axis of at least 1, not {sorted(sizes)}")
    return Request(
        batch_key=batch_key,
        function=function,
        inputs=inputs,
        items=sizes.pop(),
        arrived=perf_counter(),
        background=background,
        deadline=current_deadline(),
        future=asyncio.get_running_loop().create_future(),
    )


def _record_spans(request: Request) -> None:
    if request.forward_started is not None:
        record_span("queue", request.arrived, request.forward_started)
        record_span("forward", request.forward_started, request.forward_ended, items=request.items)


def _answer(outcomes: list[tuple[Request, Outcome | None]]) -> None:
    for request, outcome in outcomes:
        if outcome is not None:
            request.answer(outcome)
