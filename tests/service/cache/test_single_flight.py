"""Single flight: concurrent callers share one computation, even if some are cancelled."""

import asyncio
from collections.abc import Coroutine

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.cache.single_flight import SingleFlight
from service.deadline import remaining, start_deadline


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
            for _ in range(10):  # cancellation takes time, as a thread or a connection does
                await asyncio.sleep(0)
            raise
        if self._error:
            raise self._error
        return number


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_calls_with_the_same_key_share_one_computation() -> None:
    async def check() -> None:
        single_flight, a, b = SingleFlight[int](), Computation(), Computation()
        tasks = [
            asyncio.create_task(single_flight.run(key, work))
            for key, work in [("a", a), ("a", a), ("b", b), ("a", a)]
        ]
        await settle()
        a.finish.set()
        b.finish.set()
        assert await asyncio.gather(*tasks) == [1, 1, 1, 1]
        assert (a.started, b.started, len(single_flight)) == (1, 1, 0)
        assert await single_flight.run("a", a) == 2  # results are not remembered

    asyncio.run(check())


def test_cancelling_the_first_caller_does_not_disturb_the_others() -> None:
    async def check() -> None:
        single_flight, work = SingleFlight[int](), Computation()
        first, second = (asyncio.create_task(single_flight.run("a", work)) for _ in range(2))
        await settle()
        first.cancel()
        await settle()
        work.finish.set()
        assert await second == 1
        assert first.cancelled()
        assert work.cancelled == 0

    asyncio.run(check())


def test_cancelling_all_callers_cancels_the_computation_and_a_new_call_starts_another() -> None:
    async def check() -> None:
        single_flight, work = SingleFlight[int](), Computation()
        tasks = [asyncio.create_task(single_flight.run("a", work)) for _ in range(2)]
        await settle()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        new_caller = asyncio.create_task(
            single_flight.run("a", work)
        )  # the old task is still being cancelled
        await settle()
        assert work.cancelled == 1
        work.finish.set()
        assert await new_caller == 2
        assert len(single_flight) == 0

    asyncio.run(check())


def test_all_callers_get_the_error_and_the_next_call_computes_again() -> None:
    async def check() -> None:
        single_flight, work = SingleFlight[int](), Computation(error=ValueError("no"))
        tasks = [asyncio.create_task(single_flight.run("a", work)) for _ in range(3)]
        await settle()
        work.finish.set()
        assert [str(error) for error in await asyncio.gather(*tasks, return_exceptions=True)] == ["no"] * 3
        with pytest.raises(ValueError):
            await single_flight.run("a", work)
        assert work.started == 2

    asyncio.run(check())


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.none() | st.integers(0, 6)), max_size=12), st.integers(0, 8)
)
def test_callers_that_are_not_cancelled_get_an_answer_in_any_schedule(
    callers: list[tuple[str, int | None]], finish_after: int
) -> None:
    async def call(
        single_flight: SingleFlight[int], key: str, work: Computation, cancelled_after: int | None
    ) -> None:
        task = asyncio.create_task(single_flight.run(key, work))
        if cancelled_after is not None:
            for _ in range(cancelled_after):
                await asyncio.sleep(0)
            task.cancel()
        try:
            assert await task >= 1
        except asyncio.CancelledError:
            assert cancelled_after is not None

    async def check() -> None:
        single_flight, works = SingleFlight[int](), {"a": Computation(), "b": Computation()}
        tasks = [
            asyncio.create_task(call(single_flight, key, works[key], cancelled_after))
            for key, cancelled_after in callers
        ]
        for _ in range(finish_after):
            await asyncio.sleep(0)
        for work in works.values():
            work.finish.set()
        await asyncio.gather(*tasks)
        await settle()
        assert len(single_flight) == 0

    asyncio.run(asyncio.wait_for(check(), 10))


def test_computation_has_the_latest_deadline_of_its_callers() -> None:
    async def check() -> None:
        flight: SingleFlight[float] = SingleFlight()
        joined = asyncio.Event()

        async def compute() -> float:
            await joined.wait()
            return remaining()

        async def call(seconds: float) -> float:
            start_deadline(seconds)
            return await flight.run("key", compute)

        first = asyncio.create_task(call(1))
        await settle()
        second = asyncio.create_task(call(100))
        await settle()
        joined.set()
        assert 99 < await first == await second <= 100

    asyncio.run(check())


@pytest.mark.parametrize("steps", range(8))
def test_an_error_that_no_caller_sees_keeps_no_frames(steps: int) -> None:
    """The only caller is cancelled some steps of the loop after the computation may fail."""
    error = ValueError("no")

    async def scenario() -> bool:
        flight, finish = SingleFlight[int](), asyncio.Event()

        async def compute() -> int:
            await finish.wait()
            raise error

        caller = asyncio.create_task(flight.run("a", compute))
        await settle()
        finish.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait({caller})
        await settle()
        if not caller.cancelled():
            caller.exception()
        return caller.cancelled()

    assert not asyncio.run(scenario()) or error.__traceback__ is None
