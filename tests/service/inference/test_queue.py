"""The request queues: order, slices and the count of waiting items."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
import torch

from service.inference.queue import BACKGROUND_DELAY, Request, RequestQueues

MakeRequest = Callable[..., Request]


@pytest.fixture
def request_of() -> Iterator[MakeRequest]:
    """Makes requests whose input items are 0, 1, 2, ..."""
    loop = asyncio.new_event_loop()

    def make(batch_key: str, items: int = 1, *, arrived: float = 0, background: bool = False) -> Request:
        return Request(
            batch_key=batch_key,
            function=torch.neg,
            inputs=(torch.arange(items), -torch.arange(items)),
            items=items,
            arrived=arrived,
            background=background,
            future=loop.create_future(),
        )

    yield make
    loop.close()


def test_slices_cover_a_request_in_order(request_of: MakeRequest) -> None:
    queues = RequestQueues()
    large, small = request_of("a", 5), request_of("a", 2)
    queues.push(large)
    queues.push(small)
    taken = [queues.take("a", 3) for _ in range(3)]
    assert [[(part.request, part.start, part.stop) for part in slices] for slices in taken] == [
        [(large, 0, 3)],
        [(large, 3, 5), (small, 0, 1)],
        [(small, 1, 2)],
    ]
    assert [tensor.tolist() for tensor in taken[1][0].inputs] == [[3, 4], [-3, -4]]
    assert queues.take("a", 3) == []
    assert queues.empty


def test_depth_counts_waiting_foreground_items(request_of: MakeRequest) -> None:
    queues = RequestQueues()
    first, second = request_of("a", 5), request_of("b", 2)
    for each in (first, second, request_of("c", 7, background=True)):
        queues.push(each)
    assert queues.depth == 7
    queues.take("a", 3)
    assert (queues.depth, queues.count_items("a"), queues.count_requests("a")) == (4, 2, 1)
    queues.drop(first)
    queues.drop(first)  # none of its items wait now
    assert (queues.depth, queues.count_items("a"), queues.count_requests("a")) == (2, 0, 0)
    queues.take("c", 3)
    assert queues.depth == 2
    assert [each.batch_key for each in queues.clear()] == ["b", "c"]
    assert (queues.depth, queues.empty) == (0, True)


def test_next_key_is_that_of_the_oldest_request(request_of: MakeRequest) -> None:
    queues = RequestQueues()
    for batch_key, arrived in (("b", 2.0), ("a", 1.0), ("a", 4.0), ("c", 3.0)):
        queues.push(request_of(batch_key, arrived=arrived))
    served = []
    while not queues.empty:
        batch_key = queues.next_key()
        served.append((batch_key, queues.first_arrival(batch_key)))
        queues.take(batch_key, 1)
    assert served == [("a", 1.0), ("b", 2.0), ("c", 3.0), ("a", 4.0)]
    with pytest.raises(KeyError):
        queues.next_key()
    assert queues.first_arrival("a") == float("-inf")


@pytest.mark.parametrize(
    ("later", "first"), [(0.5, "foreground"), (0.99, "foreground"), (1.01, "background")]
)
def test_background_is_served_before_foreground_that_arrives_later_than_the_delay(
    request_of: MakeRequest, later: float, first: str
) -> None:
    queues = RequestQueues()
    queues.push(request_of("background", arrived=10.0, background=True))
    queues.push(request_of("foreground", arrived=10.0 + later * BACKGROUND_DELAY))
    assert queues.depth == 1
    assert queues.next_key() == first


@pytest.mark.parametrize("error", [StopIteration(), SystemExit(1)])
def test_answer_wraps_exceptions_that_a_future_or_the_event_loop_cannot_take(
    request_of: MakeRequest, error: BaseException
) -> None:
    answered = request_of("a")
    answered.answer(error)
    assert isinstance(answered.future.exception(), RuntimeError)


def test_answer_ignores_a_cancelled_caller(request_of: MakeRequest) -> None:
    cancelled = request_of("a")
    cancelled.future.cancel()
    cancelled.answer(torch.zeros(1))
    assert cancelled.future.cancelled()
