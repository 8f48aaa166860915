"""Worker threads: a bounded number of threads and a bounded queue."""

import asyncio
import threading
import time

import pytest

from service.deadline import start_deadline
from service.errors import DeadlineExceeded, Overloaded
from service.inference.workers import Workers


def test_runs_at_most_as_many_calls_as_threads() -> None:
    event_loop_thread, running, most_running = threading.get_ident(), 0, 0
    lock = threading.Lock()

    def work(value: int) -> int:
        nonlocal running, most_running
        assert threading.get_ident() != event_loop_thread
        with lock:
            running += 1
            most_running = max(most_running, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return 2 * value

    async def check() -> None:
        workers = Workers(max_waiting=10, threads=2)
        assert await asyncio.gather(*(workers.run(work, value) for value in range(6))) == [0, 2, 4, 6, 8, 10]

    asyncio.run(check())
    assert most_running == 2


def test_full_queue_refuses_run_but_not_run_unbounded() -> None:
    async def check() -> None:
        workers, opened = Workers(max_waiting=1, threads=1), threading.Event()
        tasks = [asyncio.create_task(workers.run(opened.wait, 10)) for _ in range(2)]
        await asyncio.sleep(0.02)
        assert workers.waiting == 1
        with pytest.raises(Overloaded) as refused:
            await workers.run(opened.wait, 10)
        assert (refused.value.retry_after or 0) >= 1
        tasks.append(asyncio.create_task(workers.run_unbounded(opened.wait, 10)))
        await asyncio.sleep(0.02)
        opened.set()
        assert all(await asyncio.gather(*tasks))

    asyncio.run(check())


def test_cancelled_call_frees_its_place_and_never_runs() -> None:
    async def check() -> None:
        workers, opened, ran = Workers(max_waiting=1, threads=1), threading.Event(), list[int]()
        first = asyncio.create_task(workers.run(opened.wait, 10))
        await asyncio.sleep(0.02)
        cancelled = asyncio.create_task(workers.run(ran.append, 1))
        await asyncio.sleep(0.02)
        cancelled.cancel()
        await asyncio.wait([cancelled])
        staying = asyncio.create_task(workers.run(ran.append, 2))
        opened.set()
        await asyncio.gather(first, staying)
        assert ran == [2]

    asyncio.run(check())


def test_errors_reach_the_caller() -> None:
    async def check() -> None:
        with pytest.raises(ZeroDivisionError):
            await Workers(max_waiting=1).run(divmod, 1, 0)

    asyncio.run(check())


def test_call_without_enough_time_left_does_not_run() -> None:
    async def check() -> None:
        workers, ran = Workers(max_waiting=10, threads=1, name="decoding"), list[int]()
        for _ in range(3):
            await workers.run(time.sleep, 0.2)  # the pool learns how long a call takes
        start_deadline(0.05)
        with pytest.raises(DeadlineExceeded, match="decoding"):
            await workers.run(ran.append, 1)
        assert not ran
        start_deadline(5)
        await workers.run(ran.append, 2)
        assert ran == [2]

    asyncio.run(check())
