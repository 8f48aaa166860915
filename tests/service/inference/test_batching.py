"""The batch queue: admission, the choice of the next batch, and idleness."""

import asyncio
import time
from collections.abc import Callable, Iterator
from threading import Thread

import pytest
import torch

from service.deadline import Deadline
from service.errors import NotReady, Overloaded, ParameterInvalid
from service.inference import batching
from service.inference.batching import BatchQueue
from service.inference.queue import Request, RequestSlice

MakeRequest = Callable[..., Request]


@pytest.fixture
def request_of() -> Iterator[MakeRequest]:
    """Makes requests that arrive now."""
    loop = asyncio.new_event_loop()

    def make(
        batch_key: str, items: int = 1, *, background: bool = False, seconds: float = float("inf")
    ) -> Request:
        return Request(
            batch_key=batch_key,
            function=torch.neg,
            inputs=(torch.arange(items),),
            items=items,
            arrived=time.perf_counter(),
            background=background,
            deadline=Deadline(time.monotonic() + seconds),
            future=loop.create_future(),
        )

    yield make
    loop.close()


def open_queue(*, max_items: int = 8, batch_items: int = 4, max_wait: float = 0) -> BatchQueue:
    queue = BatchQueue(max_items=max_items, batch_items=batch_items, max_wait=max_wait)
    queue.open()
    return queue


def described(slices: list[RequestSlice] | None) -> list[tuple[object, int]]:
    assert slices is not None
    return [(part.request.batch_key, part.items) for part in slices]


def test_requests_are_refused_before_open_and_after_close(request_of: MakeRequest) -> None:
    queue = BatchQueue(max_items=8, batch_items=4, max_wait=0)
    with pytest.raises(NotReady):
        queue.push(request_of("a"))
    queue.open()
    queue.push(request_of("a"))
    queue.close()
    with pytest.raises(NotReady):
        queue.push(request_of("a"))
    assert described(queue.next_batch()) == [("a", 1)]
    assert queue.next_batch() is None


def test_requests_that_exceed_the_room_are_refused(request_of: MakeRequest) -> None:
    queue = open_queue(max_items=4)
    with pytest.raises(ParameterInvalid):
        queue.push(request_of("a", 5))
    queue.push(request_of("a", 3))
    queue.push(request_of("b", 100, background=True))  # takes no room
    with pytest.raises(Overloaded):
        queue.push(request_of("a", 2))
    queue.push(request_of("a", 1))
    assert queue.depth == 4


def test_retry_after_covers_the_current_batch_the_waiting_items_and_the_new_ones(
    request_of: MakeRequest,
) -> None:
    queue = open_queue(max_items=4, batch_items=4)
    queue.push(request_of("a", 1))
    queue.next_batch()
    queue.batch_done(1, 2.0)  # 2 s for an item
    for items in (3, 4):
        queue.push(request_of("a", items))
        if items == 3:
            queue.next_batch()
    with pytest.raises(Overloaded) as refused:
        queue.push(request_of("a", 2))
    assert refused.value.retry_after == 2 * (3 + 4 + 2)


def test_a_batch_has_one_key_and_at_most_batch_items(request_of: MakeRequest) -> None:
    queue = open_queue()
    for batch_key, items in (("a", 3), ("b", 1), ("a", 2)):
        queue.push(request_of(batch_key, items))
    assert [described(queue.next_batch()) for _ in range(3)] == [
        [("a", 3), ("a", 1)],
        [("b", 1)],
        [("a", 1)],
    ]


@pytest.mark.parametrize(
    ("batch_key", "items", "waits"),
    [
        ("a", 1, True),  # the last batch had this key and two requests
        ("b", 1, False),
        ("a", 4, False),  # the batch is full
    ],
)
def test_waits_for_as_many_requests_as_the_last_batch_had(
    request_of: MakeRequest, batch_key: str, items: int, waits: bool
) -> None:
    queue = open_queue(max_wait=0.3)
    for _ in range(2):
        queue.push(request_of("a"))
    assert len(queue.next_batch() or ()) == 2
    queue.push(request_of(batch_key, items))
    started = time.perf_counter()
    assert described(queue.next_batch()) == [(batch_key, items)]
    assert (time.perf_counter() - started > 0.25) == waits


def test_a_missing_request_ends_the_wait(request_of: MakeRequest) -> None:
    queue = open_queue(max_wait=30)
    for _ in range(2):
        queue.push(request_of("a"))
    queue.next_batch()
    queue.push(request_of("a"))
    batches: list[list[RequestSlice] | None] = []
    waiting = Thread(target=lambda: batches.append(queue.next_batch()))
    waiting.start()
    waiting.join(0.05)
    assert batches == []
    queue.push(request_of("a"))
    waiting.join(10)
    assert described(batches[0]) == [("a", 1), ("a", 1)]


def test_idleness_is_reported_once_after_a_batch(
    request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "IDLE_SECONDS", 0.02)
    queue = open_queue()
    queue.push(request_of("a"))
    assert len(queue.next_batch() or ()) == 1
    assert queue.next_batch() == []
    waiting = Thread(target=queue.next_batch, daemon=True)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()  # no second report
    queue.close()
    waiting.join(10)
    assert not waiting.is_alive()


def test_dropped_and_cleared_requests_free_the_room(request_of: MakeRequest) -> None:
    queue = open_queue(max_items=4)
    dropped, cleared = request_of("a", 2), request_of("b", 2)
    queue.push(dropped)
    queue.push(cleared)
    queue.drop(dropped)
    assert queue.depth == 2
    assert queue.clear() == [cleared]
    assert queue.depth == 0


def test_late_requests_are_dropped_when_their_turn_comes(request_of: MakeRequest) -> None:
    late: list[Request] = []
    queue = BatchQueue(max_items=8, batch_items=4, max_wait=0, on_late=late.extend)
    queue.open()
    queue.batch_done(10, 5.0)  # 0.5 s an item
    in_time, passed = request_of("a", seconds=60), request_of("a", seconds=-1)
    too_large, patient = request_of("a", items=3, seconds=0.9), request_of("a", items=3, seconds=1.1)
    for request in (passed, in_time, too_large, patient):
        queue.push(request)
    slices = queue.next_batch()
    assert slices is not None
    assert [part.request for part in slices] == [in_time, patient]
    assert late == [passed, too_large]
    assert queue.depth == 0
