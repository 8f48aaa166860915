"""Keeps errors from keeping pictures alive.

An exception refers to its traceback, the traceback to the frames, and the frames to all local variables:
whole decoded pictures and uploads. A frame or a task often refers to the exception in turn. Then only the
garbage collector can free the pictures, and it runs rarely.
"""

import asyncio
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import Any


def clear_locals(error: BaseException) -> None:
    """Delete the local variables of all finished frames of an error and of the errors behind it.

    The traceback keeps its lines, so it can still be logged. Call it in the thread that raised the error: the
    frames of a suspended coroutine would be closed.
    """
    for each in _chain(error):
        traceback.clear_frames(each.__traceback__)


def drop_tracebacks(error: BaseException) -> None:
    """Delete the tracebacks of an error and of the errors behind it. Call it when nobody will log them."""
    for each in _chain(error):
        each.__traceback__ = None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, its causes, and the members of groups."""
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        each = pending.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        pending += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            pending += each.exceptions


def forget_cancellation(task: asyncio.Task[Any]) -> None:
    """Let a finished task forget the error that cancelled it, which keeps its frames alive."""
    if task.cancelled():
        with suppress(asyncio.CancelledError):
            task.result()  # hands the error over
