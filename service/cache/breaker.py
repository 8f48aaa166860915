"""A circuit breaker: after several failures in a row it stops calls, except for a probe from time to time."""

import time
from collections.abc import Callable


class CircuitBreaker:
    """Decides whether to call a service that may be down.

    Closed: every call is allowed. Open: only one probe is allowed after each cooldown. The cooldown doubles
    with each failed probe. A probe may never report its result, because its caller was cancelled; another
    probe follows after the same cooldown, so the breaker cannot get stuck.

    Args:
        max_failures: failures in a row that open the breaker.
        cooldown: seconds before the first probe.
        max_cooldown: upper bound of the cooldown in seconds.
        clock: returns the time in seconds.
    """

    def __init__(
        self,
        *,
        max_failures: int = 3,
        cooldown: float = 0.5,
        max_cooldown: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_failures = max_failures
        self._initial_cooldown = self._cooldown = cooldown
        self._max_cooldown = max_cooldown
        self._clock = clock
        self._failures = 0
        self._probe_at: float | None = None
        self._probing = False

    @property
    def closed(self) -> bool:
        """Whether every call is allowed."""
        return self._probe_at is None

    def allow(self) -> bool:
        """Return whether to call now. Report the result of the call with `succeeded` or `failed`."""
        if self._probe_at is None:
            return True
        if self._clock() < self._probe_at:
            return False
        self._probe_at = self._clock() + self._cooldown
        self._probing = True
        return True

    def succeeded(self) -> None:
        """Record a success: the breaker closes."""
        self._failures = 0
        self._cooldown = self._initial_cooldown
        self._probe_at = None
        self._probing = False

    def failed(self) -> None:
        """Record a failure: the breaker opens, or waits longer before the next probe."""
        self._failures += 1
        if self._probe_at is None and self._failures >= self._max_failures:
            self._probe_at = self._clock() + self._cooldown
        elif self._probing:  # calls that began before the breaker opened do not count: many fail at once
            self._cooldown = min(2 * self._cooldown, self._max_cooldown)
            self._probe_at = self._clock() + self._cooldown
            self._probing = False
