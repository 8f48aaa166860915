"""Results come in order, and an error leaves no computation behind."""

import asyncio

import pytest

from service.gather import gather, gather_pair


async def returning(value: int, seconds: float = 0) -> int:
    await asyncio.sleep(seconds)
    return value


async def failing(message: str) -> int:
    await asyncio.sleep(0)
    raise ValueError(message)


class Endless:
    """A computation that ends only when it is cancelled."""

    cancelled = False

    async def run(self) -> int:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return 0


def test_results_come_in_order():
    async def check() -> None:
        assert await gather([returning(1, 0.01), returning(2)]) == [1, 2]
        assert await gather([]) == []
        assert await gather_pair(returning(1), gather([returning(2)])) == (1, [2])

    asyncio.run(check())


def test_an_error_cancels_the_others():
    async def check() -> None:
        first, second = Endless(), Endless()
        with pytest.raises(ValueError, match="damaged"):
            await gather([first.run(), failing("damaged")])
        with pytest.raises(ValueError, match="damaged"):
            await gather_pair(second.run(), failing("damaged"))
        await asyncio.sleep(0)
        assert first.cancelled
        assert second.cancelled

    asyncio.run(check())


def test_a_cancelled_caller_cancels_all():
    async def check() -> None:
        both = Endless(), Endless()
        caller = asyncio.create_task(gather([each.run() for each in both]))
        await asyncio.sleep(0.01)
        caller.cancel()
        await asyncio.wait({caller})
        await asyncio.sleep(0)
        assert [each.cancelled for each in both] == [True, True]

    asyncio.run(check())
