"""An estimate of the current throughput: for `Retry-After`, and to drop work that would end too late."""

from math import ceil
from threading import Lock


class ThroughputEstimate:
    """An exponential moving average of the seconds per item. Thread-safe.

    Args:
        smoothing: weight of the newest measurement.
        max_retry_after: upper bound of `retry_after` in seconds.
    """

    def __init__(self, *, smoothing: float = 0.1, max_retry_after: int = 60) -> None:
        self._smoothing = smoothing
        self._max_retry_after = max_retry_after
        self._seconds_per_item: float | None = None
        self._lock = Lock()

    @property
    def seconds_per_item(self) -> float:
        """The estimate; 0 before `record`."""
        return self._seconds_per_item or 0.0

    def record(self, items: int, seconds: float) -> None:
        """Record that `items` took `seconds`."""
        measured = seconds / items
        with self._lock:
            previous = measured if self._seconds_per_item is None else self._seconds_per_item
            self._seconds_per_item = previous + self._smoothing * (measured - previous)

    def retry_after(self, items: int) -> int:
        """Return the seconds that `items` will take, from 1 to `max_retry_after`; 1 before `record`."""
        return min(max(ceil(self.seconds_per_item * items), 1), self._max_retry_after)
