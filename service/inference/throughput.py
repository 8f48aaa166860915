"""How fast work goes through lately, to tell those who find no room when to come back."""

from math import ceil
from threading import Lock


class ThroughputEstimate:
    """A moving average of the seconds that an item takes. Safe to use from several threads."""

    def __init__(self, *, smoothing: float = 0.1, longest: int = 60) -> None:
        self._smoothing = smoothing
        self._longest = longest
        self._seconds: float | None = None
        self._lock = Lock()

    def record(self, items: int, seconds: float) -> None:
        """`items` went through in `seconds`."""
        each = seconds / items
        with self._lock:
            before = each if self._seconds is None else self._seconds
            self._seconds = before + self._smoothing * (each - before)

    def retry_after(self, items: int) -> int:
        """Whole seconds until `items` will have gone through, from 1 to `longest`; 1 before anything was measured."""
        return min(max(ceil((self._seconds or 0.0) * items), 1), self._longest)
