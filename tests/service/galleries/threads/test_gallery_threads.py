"""Threads of galleries: one that stalls keeps neither the others' threads nor its own callers."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager

import pytest

from service.deadline import current_deadline, remaining, start_deadline
from service.errors import DeadlineExceeded, GalleryBusy, Overloaded
from service.galleries.threads import gallery_threads
from service.galleries.threads.gallery_threads import GalleryThreads

STALL = 0.2


class Disk:
    """A disk whose reads return when it is released."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.reads = 0

    def read(self) -> str:
        self.reads += 1
        assert self.answers.wait(20)
        return "data"


@contextmanager
def stalled_disk():
    disk = Disk()
    try:
        yield disk
    finally:
        disk.answers.set()


def pool(per_gallery: int = 2, max_waiting: int = 64, stall_seconds: float = STALL) -> GalleryThreads:
    return GalleryThreads(
        "test", per_gallery=per_gallery, max_waiting=max_waiting, stall_seconds=stall_seconds
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def seconds(call: Awaitable[object]) -> float:
    began = time.monotonic()
    await call
    return time.monotonic() - began


def test_a_stalled_gallery_does_not_stop_others():
    async def scenario() -> None:
        threads = pool()
        with stalled_disk() as disk:
            stalled = [asyncio.create_task(threads.run("a", disk.read)) for _ in range(10)]
            assert await seconds(threads.run("b", time.monotonic)) < 1
            await until(lambda: disk.reads == 2)
            refused = await asyncio.gather(*stalled[2:], return_exceptions=True)
            assert [type(error) for error in refused] == [GalleryBusy] * 8
            assert "'a' does not answer" in str(refused[0]) and refused[0].retry_after
            assert threads.is_stalled("a") and not threads.is_stalled("b")
            with pytest.raises(GalleryBusy):  # at once: its calls all are stalled
                await asyncio.wait_for(threads.run("a", disk.read), 1)
            assert disk.reads == 2
        assert await asyncio.gather(*stalled[:2]) == ["data", "data"]
        assert await threads.run("a", disk.read) == "data"
        assert (threads.running, threads.waiting, threads.stalled) == (0, 0, 0)

    asyncio.run(scenario())


def test_stalled_galleries_do_not_take_the_threads_of_all(monkeypatch):
    monkeypatch.setattr(gallery_threads, "THREADS", 2)

    async def scenario() -> None:
        threads = pool(per_gallery=1)
        with stalled_disk() as disk:
            stalled = [asyncio.create_task(threads.run(f"g{number}", disk.read)) for number in range(6)]
            assert await seconds(threads.run("b", time.monotonic)) < 5
            await until(lambda: disk.reads == 6)
        assert await asyncio.gather(*stalled) == ["data"] * 6
        assert (threads.running, threads.stalled) == (0, 0)

    asyncio.run(scenario())


def test_a_broken_disk_cannot_start_endless_threads(monkeypatch):
    monkeypatch.setattr(gallery_threads, "THREADS", 2)
    monkeypatch.setattr(gallery_threads, "MAX_STALLED", 3)

    async def scenario() -> None:
        threads = pool(per_gallery=1)
        with stalled_disk() as disk:
            calls = [asyncio.create_task(threads.run(f"g{number}", disk.read)) for number in range(12)]
            await asyncio.sleep(6 * STALL)
            assert disk.reads == 5
        await asyncio.gather(*calls)

    asyncio.run(scenario())


def test_a_caller_leaves_at_its_deadline_and_the_thread_counts_for_its_gallery():
    async def scenario() -> None:
        threads = pool(per_gallery=1)
        with stalled_disk() as disk:

            async def request() -> None:
                start_deadline(1.5)
                with pytest.raises(GalleryBusy):
                    await threads.run("a", disk.read)
                assert current_deadline().blocked
                assert remaining() > 0  # time to answer

            assert await seconds(asyncio.create_task(request())) < 1.6
            assert threads.running == threads.stalled == 1
            with pytest.raises(GalleryBusy):
                await threads.run("a", disk.read)
            assert disk.reads == 1
        await until(lambda: threads.running == 0)
        assert await threads.run("a", disk.read) == "data"

    asyncio.run(scenario())


def test_a_request_without_time_left_does_not_blame_the_gallery():
    async def scenario() -> None:
        threads = pool(stall_seconds=30)
        with stalled_disk() as disk:
            start_deadline(0.1)
            with pytest.raises(DeadlineExceeded):
                await threads.run("a", disk.read)
            assert not current_deadline().blocked

    asyncio.run(scenario())


def test_a_cancelled_caller_leaves_at_once():
    async def scenario() -> None:
        threads = pool(per_gallery=1)
        with stalled_disk() as disk:
            running, waiting = (asyncio.create_task(threads.run("a", disk.read)) for _ in range(2))
            await until(lambda: disk.reads == 1 and threads.waiting == 1)
            for task in (running, waiting):
                task.cancel()
            assert await seconds(asyncio.wait({running, waiting})) < 2
        await until(lambda: threads.running == 0)
        assert await threads.run("a", disk.read) == "data"
        assert (disk.reads, threads.waiting) == (2, 0)

    asyncio.run(scenario())


def test_calls_wait_as_long_as_their_gallery_makes_progress():
    async def scenario() -> list[object]:
        threads = pool(per_gallery=1)
        calls = (threads.run("a", time.sleep, STALL / 2) for _ in range(8))
        return await asyncio.gather(*calls)

    assert asyncio.run(scenario()) == [None] * 8


def test_calls_that_wait_for_a_locked_gallery_are_refused_together():
    def locked() -> None:
        time.sleep(0.1)
        raise GalleryBusy("locked")

    async def scenario() -> None:
        threads = pool(per_gallery=1, stall_seconds=30)
        calls = [threads.run("a", locked) for _ in range(40)]
        began = time.monotonic()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert time.monotonic() - began < 2  # one after the other: 4 s
        assert {type(outcome) for outcome in outcomes} == {GalleryBusy}
        assert await threads.run("a", int) == 0

    asyncio.run(scenario())


def test_too_many_waiting_calls_of_one_gallery_are_refused():
    async def scenario() -> None:
        threads = pool(per_gallery=1, max_waiting=2, stall_seconds=30)
        with stalled_disk() as disk:
            calls = [asyncio.create_task(threads.run("a", disk.read)) for _ in range(3)]
            await until(lambda: threads.waiting == 2)
            with pytest.raises(Overloaded, match="'a'"):
                await threads.run("a", disk.read)
            assert await threads.run("b", int) == 0
        assert await asyncio.gather(*calls) == ["data"] * 3

    asyncio.run(scenario())


def test_errors_of_a_function_are_raised_even_its_timeouts():
    def fail(error: BaseException) -> None:
        raise error

    async def scenario() -> None:
        threads = pool()
        start_deadline(10)
        for error in (ValueError("x"), TimeoutError("of the network"), SystemExit(1)):
            with pytest.raises(type(error)) as raised:
                await threads.run("a", fail, error)
            assert raised.value is error
        assert threads.running == 0

    asyncio.run(scenario())


def test_threads_know_the_deadline_and_are_reused():
    async def scenario() -> None:
        threads = pool()
        start_deadline(10)
        assert 0 < await threads.run("a", remaining) <= 10
        names = {await threads.run("a", threading.get_ident) for _ in range(20)}
        assert len(names) <= 4
        before = threading.active_count()
        await asyncio.gather(*(threads.run(f"g{number}", time.sleep, 0.05) for number in range(30)))
        await until(lambda: threading.active_count() <= before + 4)

    asyncio.run(scenario())


def test_a_stalled_thread_does_not_keep_the_process_alive(tmp_path):
    import subprocess
    import sys

    program = (
        "import asyncio, threading\n"
        "from service.deadline import start_deadline\n"
        "from service.errors import GalleryBusy\n"
        "from service.galleries.threads.gallery_threads import GalleryThreads\n"
        "async def main():\n"
        "    start_deadline(1.2)\n"
        "    try:\n"
        "        await GalleryThreads('t', per_gallery=1, max_waiting=1).run('a', threading.Event().wait)\n"
        "    except GalleryBusy:\n"
        "        print('left')\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "left\n"), done.stderr
