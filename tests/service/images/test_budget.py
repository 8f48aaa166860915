"""Pictures wait for room in the order of their arrival, and large ones are not starved."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.images.budget import DecodedBudget, Reservation


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def waiting_for(budget: DecodedBudget, size: int) -> "asyncio.Task[Reservation]":
    return asyncio.create_task(budget.reserve(size))


def run(check: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(10):
            await check()

    asyncio.run(main())


def test_pictures_that_fit_do_not_wait():
    budget = DecodedBudget(100)
    first, second = budget.try_reserve(60), budget.try_reserve(40)
    assert first is not None
    assert second is not None
    assert budget.in_flight == 100
    assert budget.try_reserve(1) is None
    first.release()
    assert budget.in_flight == 40


def test_a_reservation_is_released_once():
    budget = DecodedBudget(100)
    budget.try_reserve(50)
    reservation = budget.try_reserve(50)
    assert reservation is not None
    with reservation:
        reservation.release()
    assert budget.in_flight == 50


def test_a_picture_waits_for_room():
    async def check() -> None:
        budget = DecodedBudget(100)
        first = await budget.reserve(80)
        second = waiting_for(budget, 30)
        await settled()
        assert not second.done()
        assert (budget.in_flight, budget.waiting, budget.queue_length) == (80, 30, 1)
        first.release()
        with await second:
            assert (budget.in_flight, budget.waiting, budget.queue_length) == (30, 0, 0)
        assert budget.in_flight == 0

    run(check)


def test_a_picture_larger_than_the_budget_is_decoded_alone():
    async def check() -> None:
        budget = DecodedBudget(100)
        small = await budget.reserve(10)
        large = waiting_for(budget, 1000)
        await settled()
        assert not large.done()
        small.release()
        held = await large
        assert budget.in_flight == 1000
        assert budget.try_reserve(1) is None
        held.release()
        assert budget.try_reserve(1) is not None

    run(check)


def test_small_pictures_do_not_starve_a_large_one():
    async def check() -> None:
        budget = DecodedBudget(100)
        first = await budget.reserve(50)
        large, small = waiting_for(budget, 90), waiting_for(budget, 10)
        await settled()
        assert budget.try_reserve(10) is None  # there is room, but others came first
        assert not small.done()
        first.release()
        await asyncio.gather(large, small)
        assert budget.in_flight == 100

    run(check)


def test_a_cancelled_wait_reserves_nothing_and_lets_the_next_one_in():
    async def check() -> None:
        budget = DecodedBudget(100)
        first = await budget.reserve(50)
        large, small = waiting_for(budget, 90), waiting_for(budget, 10)
        await settled()
        large.cancel()
        (await small).release()
        assert (budget.in_flight, budget.waiting) == (50, 0)
        first.release()
        assert budget.in_flight == 0

    run(check)


def test_a_wait_cancelled_just_after_its_turn_came_returns_its_bytes():
    async def check() -> None:
        budget = DecodedBudget(100)
        first = await budget.reserve(100)
        second = waiting_for(budget, 100)
        await settled()
        first.release()  # the bytes are reserved now, but the task does not know yet
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert budget.in_flight == 0

    run(check)


def test_released_bytes_are_reported():
    released: list[int] = []
    budget = DecodedBudget(100, on_release=released.append)
    reservation = budget.try_reserve(30)
    assert reservation is not None
    reservation.release()
    reservation.release()
    assert released == [30]


def test_threads_and_tasks_share_the_budget():
    async def check() -> None:
        budget = DecodedBudget(100)
        most, lock = 0, threading.Lock()

        def use(reservation: Reservation) -> None:
            nonlocal most
            with reservation, lock:
                most = max(most, budget.in_flight)

        def in_thread(size: int) -> None:
            for _ in range(50):
                use(budget.reserve_blocking(size))

        async def in_task(size: int) -> None:
            for _ in range(50):
                use(await budget.reserve(size))

        threads = [asyncio.to_thread(in_thread, size) for size in (10, 60)]
        await asyncio.gather(*threads, *(in_task(size) for size in (30, 70, 100)))
        assert most <= 100
        assert (budget.in_flight, budget.waiting) == (0, 0)

    run(check)


@given(st.lists(st.tuples(st.integers(1, 150), st.booleans()), max_size=20), st.randoms())
def test_bytes_never_exceed_the_budget_and_nobody_waits_for_ever(pictures, random):
    """Pictures arrive, are cancelled and end in any order. A picture above 100 is alone."""

    async def check() -> None:
        budget = DecodedBudget(100)
        tasks = [(waiting_for(budget, size), cancelled) for size, cancelled in pictures]
        random.shuffle(tasks)
        for task, cancelled in tasks:
            await settled()
            if cancelled:
                task.cancel()
        held: list[Reservation] = []
        pending = {task for task, _ in tasks}
        while pending or held:
            await settled()
            for task in [each for each in pending if each.done()]:
                pending.discard(task)
                if task.cancelled():
                    continue
                held.append(task.result())
            assert sum(each.size for each in held) <= budget.in_flight
            assert budget.in_flight <= 100 or len(held) <= 1
            if held:
                held.pop(random.randrange(len(held))).release()
        assert (budget.in_flight, budget.waiting) == (0, 0)

    run(check)
