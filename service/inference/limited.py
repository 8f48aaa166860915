"""Something that a limited number of calls use at the same time."""

from anyio import CapacityLimiter


class Limited:
    """Counts the calls that use something, and those that wait for it. Calls wait first come, first served.

    Args:
        name: name in metrics and messages.
        limit: calls that may use it at the same time.
    """

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self._limiter = CapacityLimiter(limit)

    @property
    def waiting(self) -> int:
        """Number of calls that wait for their turn."""
        return self._limiter.statistics().tasks_waiting

    @property
    def running(self) -> int:
        """Number of calls that have their turn."""
        return self._limiter.statistics().borrowed_tokens
