"""Single flight: one computation for all, whoever of them leaves."""

import asyncio
from collections.abc import Coroutine

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.cache.single_flight import SingleFlight


class Computation:
    def __init__(self, error: Exception | None = None) -> None:
        self.started = self.cancelled = 0
        self.finish = asyncio.Event()
        self._error = error

    def __call__(self) -> Coroutine[None, None, int]:
        return self._run()

    async def _run(self) -> int:
        self.started += 1
        number = self.started
        try:
            await self.finish.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            for _ in range(10):  # leaving takes time: a thread to finish, a connection to close
                await asyncio.sleep(0)
            raise
        if self._error:
            raise self._error
        return number


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_equal_requests_share_one_and_others_do_not() -> None:
    async def check() -> None:
        flights, a, b = SingleFlight[int](), Computation(), Computation()
        tasks = [
            asyncio.create_task(flights.run(key, work))
            for key, work in [("a", a), ("a", a), ("b", b), ("a", a)]
        ]
        await settle()
        a.finish.set()
        b.finish.set()
        assert await asyncio.gather(*tasks) == [1, 1, 1, 1]
        assert (a.started, b.started, len(flights)) == (1, 1, 0)
        assert await flights.run("a", a) == 2  # nothing is remembered

    asyncio.run(check())


def test_the_others_go_on_when_the_first_leaves() -> None:
    async def check() -> None:
        flights, work = SingleFlight[int](), Computation()
        first, second = (asyncio.create_task(flights.run("a", work)) for _ in range(2))
        await settle()
        first.cancel()
        await settle()
        work.finish.set()
        assert await second == 1
        assert first.cancelled()
        assert work.cancelled == 0

    asyncio.run(check())


def test_it_ends_with_the_last_one_waiting_and_a_newcomer_starts_anew() -> None:
    async def check() -> None:
        flights, work = SingleFlight[int](), Computation()
        tasks = [asyncio.create_task(flights.run("a", work)) for _ in range(2)]
        await settle()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        newcomer = asyncio.create_task(flights.run("a", work))  # while the old one is still being cancelled
        await settle()
        assert work.cancelled == 1
        work.finish.set()
        assert await newcomer == 2
        assert len(flights) == 0

    asyncio.run(check())


def test_all_get_the_error_and_the_next_one_tries_again() -> None:
    async def check() -> None:
        flights, work = SingleFlight[int](), Computation(error=ValueError("no"))
        tasks = [asyncio.create_task(flights.run("a", work)) for _ in range(3)]
        await settle()
        work.finish.set()
        assert [str(error) for error in await asyncio.gather(*tasks, return_exceptions=True)] == ["no"] * 3
        with pytest.raises(ValueError):
            await flights.run("a", work)
        assert work.started == 2

    asyncio.run(check())


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.none() | st.integers(0, 6)), max_size=12), st.integers(0, 8)
)
def test_in_any_schedule_whoever_stays_gets_an_answer(
    callers: list[tuple[str, int | None]], ends_after: int
) -> None:
    async def call(flights: SingleFlight[int], key: str, work: Computation, leaves_after: int | None) -> None:
        task = asyncio.create_task(flights.run(key, work))
        if leaves_after is not None:
            for _ in range(leaves_after):
                await asyncio.sleep(0)
            task.cancel()
        try:
            assert await task >= 1
        except asyncio.CancelledError:
            assert leaves_after is not None

    async def check() -> None:
        flights, works = SingleFlight[int](), {"a": Computation(), "b": Computation()}
        tasks = [asyncio.create_task(call(flights, key, works[key], leaves)) for key, leaves in callers]
        for _ in range(ends_after):
            await asyncio.sleep(0)
        for work in works.values():
            work.finish.set()
        await asyncio.gather(*tasks)
        await settle()
        assert len(flights) == 0

    asyncio.run(asyncio.wait_for(check(), 10))
