"""Await several computations of one request. The first error cancels the others."""

import asyncio
from collections.abc import Coroutine, Iterable
from functools import partial
from typing import Any, TypeVar

from service.tracebacks import drop_tracebacks, forget_cancellation

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")


async def gather(coroutines: Iterable[Coroutine[None, None, T]]) -> list[T]:
    """Return all results, in order.

    Unlike `asyncio.gather`, no computation goes on after an error, when nobody waits for its result.

    Raises:
        Exception: the first error.
    """
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    except BaseException as error:
        while tasks:  # the error refers to this frame, so the frame must not refer to the tasks
            _give_up(tasks.pop(), error)
        raise


async def gather_pair(first: Coroutine[None, None, A], second: Coroutine[None, None, B]) -> tuple[A, B]:
    """Return two results of different types. Raises as `gather`."""
    one, two = asyncio.ensure_future(first), asyncio.ensure_future(second)
    try:
        a, b = await asyncio.gather(one, two)
        return a, b
    except BaseException as error:
        _give_up(one, error)
        _give_up(two, error)
        del one, two
        raise


def _give_up(task: asyncio.Task[Any], raised: BaseException) -> None:
    """Cancel a task, and drop its error unless it is the error that is raised."""
    task.cancel()
    task.add_done_callback(partial(_forget_error, raised))


def _forget_error(raised: BaseException, task: asyncio.Task[Any]) -> None:
    if task.cancelled():
        forget_cancellation(task)
    elif (error := task.exception()) is not None and error is not raised:
        drop_tracebacks(error)
