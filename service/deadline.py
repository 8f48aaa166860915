"""The deadline of the current request: the moment after which its client no longer waits for the answer.

`service.http.middleware.admission` starts the deadline when a request's body is complete. Queues read it, and
drop work that would be done too late. Code that serves no request, such as a reindex, has no deadline.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic

LONGEST_MARGIN = 1.0
"""Work is never dropped for lack of time while more seconds than this are left, whatever its estimate says.
Without this bound, one wrong estimate would drop all work, and nothing would correct the estimate."""


@dataclass
class Deadline:
    """A point in time on the clock `time.monotonic`, in seconds. `inf` means that there is no deadline.

    Attributes:
        blocked: whether the request waited for something outside of this process, such as a gallery that
            another process locks. Then its duration says nothing about this server's load.
    """

    at: float
    blocked: bool = False

    @property
    def remaining(self) -> float:
        """Seconds until the deadline; negative once it has passed."""
        return self.at - monotonic()

    def allows(self, seconds: float) -> bool:
        """Return whether work that takes about this many seconds is worth starting."""
        return self.remaining >= min(seconds, LONGEST_MARGIN)

    def extend(self, at: float) -> None:
        """Move the deadline to a later time. Does nothing if it is later already."""
        self.at = max(self.at, at)


_current: ContextVar[Deadline] = ContextVar("deadline")


def current_deadline() -> Deadline:
    """Return the deadline of the current request. Outside of a request it never passes."""
    return _current.get(None) or Deadline(float("inf"))


def remaining() -> float:
    """Return the seconds that the current request has left. Outside of a request this is infinity."""
    return current_deadline().remaining


def start_deadline(seconds: float) -> Deadline:
    """Give the current task, and the tasks that it creates from now on, a deadline."""
    deadline = Deadline(monotonic() + seconds)
    _current.set(deadline)
    return deadline


@contextmanager
def shared_deadline(deadline: Deadline) -> Iterator[None]:
    """Give the block, and the tasks that it creates, a deadline that others may extend."""
    token = _current.set(deadline)
    try:
        yield
    finally:
        _current.reset(token)
