"""Files that find no room in the budget wait without a thread."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from decoding import decoder

from service.errors import Overloaded
from service.images.decode import Reserve
from service.inference.workers import Workers

INFERENCE = SimpleNamespace()


def reading(size: int, work: Callable[[], object] = lambda: None) -> Callable[..., object]:
    """A function that decodes a picture of `size` bytes."""

    def read(data: bytes, inference: object, side: str, *, max_pixels: int, reserve: Reserve) -> object:
        with reserve(size):
            return work()

    return read


@contextmanager
def blocked() -> Iterator[tuple[Callable[[], None], threading.Event]]:
    """A function that blocks until the block ends, and an event that says that it runs."""
    running, over = threading.Event(), threading.Event()

    def block() -> None:
        running.set()
        over.wait(10)

    try:
        yield block, running
    finally:
        over.set()


def test_a_file_that_waits_for_room_takes_no_thread():
    async def check() -> None:
        decodes = decoder(Workers(max_waiting=9, threads=2), max_bytes=100)
        with blocked() as (block, running):
            first = asyncio.create_task(decodes.read(reading(100, block), b"", INFERENCE, "x"))
            await asyncio.to_thread(running.wait, 10)
            waiting = [asyncio.create_task(decodes.read(reading(50), b"", INFERENCE, "x")) for _ in range(5)]
            while decodes.budget.queue_length < 5:
                await asyncio.sleep(0.01)
            # one of two threads is free, although five files wait
            assert await decodes._workers.run(lambda: "ran") == "ran"
            assert decodes.budget.in_flight == 100
        await asyncio.gather(first, *waiting)
        assert (decodes.budget.in_flight, decodes.budget.waiting) == (0, 0)

    asyncio.run(check())


def test_a_cancelled_file_leaves_the_queue():
    async def check() -> None:
        decodes = decoder(Workers(max_waiting=9, threads=2), max_bytes=100)
        with blocked() as (block, running):
            first = asyncio.create_task(decodes.read(reading(100, block), b"", INFERENCE, "x"))
            await asyncio.to_thread(running.wait, 10)
            waiting = asyncio.create_task(decodes.read(reading(50), b"", INFERENCE, "x"))
            while decodes.budget.queue_length < 1:
                await asyncio.sleep(0.01)
            waiting.cancel()
            await asyncio.wait({waiting})
            assert decodes.budget.waiting == 0
        await first
        assert decodes.budget.in_flight == 0

    asyncio.run(check())


@pytest.mark.parametrize("error", [ValueError, MemoryError])
def test_a_failed_file_returns_its_bytes(error):
    def fail() -> None:
        raise error

    async def check() -> None:
        decodes = decoder(Workers(max_waiting=9), max_bytes=100)
        outcomes = await asyncio.gather(
            *(decodes.read(reading(80, fail), b"", INFERENCE, "x") for _ in range(4)), return_exceptions=True
        )
        assert {type(outcome) for outcome in outcomes} == {error}
        assert (decodes.budget.in_flight, decodes.budget.waiting) == (0, 0)

    asyncio.run(check())


def test_too_many_waiting_files_are_refused():
    async def check() -> None:
        decodes = decoder(Workers(max_waiting=200, threads=2), max_bytes=100)
        with blocked() as (block, running):
            first = asyncio.create_task(decodes.read(reading(100, block), b"", INFERENCE, "x"))
            await asyncio.to_thread(running.wait, 10)
            files = [asyncio.create_task(decodes.read(reading(1), b"", INFERENCE, "x")) for _ in range(70)]
            while not all(file.done() for file in files[64:]):
                await asyncio.sleep(0.01)
            for file in files[64:]:
                with pytest.raises(Overloaded, match="wait to be decoded"):
                    file.result()
        await asyncio.gather(first, *files[:64])

    asyncio.run(check())
