"""A circuit breaker: after a few failures in a row, leaves the other side alone and asks again from time to time."""

import time
from collections.abc import Callable


class Breaker:
    """Closed: everything goes through. Open: nothing does, but for one probe after each rest.

    The rest doubles with each probe that fails. A probe that never reports back (its caller left) is followed
    by another after the same rest, so the breaker cannot get stuck.

    Args:
        failures: in a row, that open it.
        rest: seconds before the first probe.
        longest: bound of the rest.
    """

    def __init__(
        self,
        *,
        failures: int = 3,
        rest: float = 0.5,
        longest: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = failures
        self._first_rest = self._rest = rest
        self._longest = longest
        self._clock = clock
        self._failures = 0
        self._probe_at: float | None = None
        self._probing = False

    @property
    def closed(self) -> bool:
        return self._probe_at is None

    def allow(self) -> bool:
        """Whether to try now; whoever was allowed should say how it went."""
        if self._probe_at is None:
            return True
        if self._clock() < self._probe_at:
            return False
        self._probe_at = self._clock() + self._rest
        self._probing = True
        return True

    def succeeded(self) -> None:
        self._failures = 0
        self._rest = self._first_rest
        self._probe_at = None
        self._probing = False

    def failed(self) -> None:
        self._failures += 1
        if self._probe_at is None and self._failures >= self._most:
            self._probe_at = self._clock() + self._rest
        elif self._probing:  # not what was under way when it opened: many of those fail at once
            self._rest = min(2 * self._rest, self._longest)
            self._probe_at = self._clock() + self._rest
            self._probing = False
