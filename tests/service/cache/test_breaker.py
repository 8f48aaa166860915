"""The circuit breaker on a clock that the test turns."""

from service.cache.breaker import CircuitBreaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> CircuitBreaker:
    breaker = CircuitBreaker(max_failures=3, cooldown=1, max_cooldown=5, clock=clock)
    for _ in range(3):
        assert breaker.allow()
        breaker.failed()
    return breaker


def test_opens_after_failures_in_a_row_only() -> None:
    breaker = CircuitBreaker(max_failures=3, cooldown=1, clock=Clock())
    for _ in range(5):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.allow()
    assert breaker.closed
    for _ in range(3):
        breaker.failed()
    assert not breaker.allow()
    assert not breaker.closed


def test_lets_one_probe_through_after_the_rest_and_closes_when_it_succeeds() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 0.99
    assert not breaker.allow()
    clock.now += 0.01
    assert breaker.allow()
    assert not breaker.allow()
    breaker.succeeded()
    assert breaker.closed
    assert breaker.allow()


def test_rests_longer_after_each_failed_probe_up_to_a_bound() -> None:
    clock = Clock()
    breaker = opened(clock)
    rests = []
    clock.now += 1
    assert breaker.allow()
    for _ in range(5):
        breaker.failed()
        asked_at = clock.now
        while not breaker.allow():
            clock.now += 0.25
        rests.append(clock.now - asked_at)
    assert rests == [2, 4, 5, 5, 5]


def test_a_crowd_that_fails_together_counts_as_one_opening() -> None:
    clock = Clock()
    breaker = opened(clock)
    for _ in range(100):
        breaker.failed()
    clock.now += 1
    assert breaker.allow()


def test_a_probe_that_never_reports_is_followed_by_another() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 1
    assert breaker.allow()
    clock.now += 1
    assert breaker.allow()
