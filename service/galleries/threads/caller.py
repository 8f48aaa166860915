"""Whether somebody still waits for a call that runs in a thread.

A thread cannot be stopped. If its caller has left, the thread runs on, but it must not begin a change.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from service.deadline import remaining
from service.errors import DeadlineExceeded


@dataclass(eq=False)
class Caller:
    """The coroutine that waits for a call.

    Attributes:
        has_left: whether it no longer waits. Set in the event loop, read in the call's thread.
    """

    has_left: bool = False


_current: ContextVar[Caller] = ContextVar("caller")


@contextmanager
def calling() -> Iterator[Caller]:
    """Give the calls that the block starts a caller."""
    caller = Caller()
    token = _current.set(caller)
    try:
        yield caller
    finally:
        _current.reset(token)


def check_caller() -> None:
    """Check that somebody waits for the present call. Call it before a change.

    Raises:
        DeadlineExceeded: the caller has left, or the deadline of its request has passed.
    """
    caller = _current.get(None)
    if remaining() <= 0 or (caller is not None and caller.has_left):
        raise DeadlineExceeded("the request has no time left; nothing was changed; try again later")
