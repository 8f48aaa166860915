"""Worker threads: off the event loop, a few at a time, and no endless line."""

import asyncio
import threading
import time

import pytest

from service.errors import Overloaded
from service.inference.workers import Workers


def test_runs_in_other_threads_as_many_as_told() -> None:
    here, running, most = threading.get_ident(), 0, 0
    lock = threading.Lock()

    def work(value: int) -> int:
        nonlocal running, most
        assert threading.get_ident() != here
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return 2 * value

    async def check() -> None:
        workers = Workers(max_waiting=10, threads=2)
        assert await asyncio.gather(*(workers.run(work, value) for value in range(6))) == [0, 2, 4, 6, 8, 10]

    asyncio.run(check())
    assert most == 2


def test_refuses_when_the_line_is_full_but_finishes_what_was_begun() -> None:
    async def check() -> None:
        workers, opened = Workers(max_waiting=1, threads=1), threading.Event()
        tasks = [asyncio.create_task(workers.run(opened.wait, 10)) for _ in range(2)]
        await asyncio.sleep(0.02)
        assert workers.depth == 1
        with pytest.raises(Overloaded) as refused:
            await workers.run(opened.wait, 10)
        assert (refused.value.retry_after or 0) >= 1
        tasks.append(asyncio.create_task(workers.run_unbounded(opened.wait, 10)))
        await asyncio.sleep(0.02)
        opened.set()
        assert all(await asyncio.gather(*tasks))

    asyncio.run(check())


def test_who_leaves_the_line_frees_the_place_and_costs_nothing() -> None:
    async def check() -> None:
        workers, opened, ran = Workers(max_waiting=1, threads=1), threading.Event(), list[int]()
        first = asyncio.create_task(workers.run(opened.wait, 10))
        await asyncio.sleep(0.02)
        leaving = asyncio.create_task(workers.run(ran.append, 1))
        await asyncio.sleep(0.02)
        leaving.cancel()
        await asyncio.wait([leaving])
        staying = asyncio.create_task(workers.run(ran.append, 2))
        opened.set()
        await asyncio.gather(first, staying)
        assert ran == [2]

    asyncio.run(check())


def test_errors_come_through() -> None:
    async def check() -> None:
        with pytest.raises(ZeroDivisionError):
            await Workers(max_waiting=1).run(divmod, 1, 0)

    asyncio.run(check())
