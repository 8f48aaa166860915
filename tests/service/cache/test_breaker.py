"""The circuit breaker, with a fake clock."""

from service.cache.breaker import CircuitBreaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def open_breaker(clock: Clock) -> CircuitBreaker:
    breaker = CircuitBreaker(max_failures=3, cooldown=1, max_cooldown=5, clock=clock)
    for _ in range(3):
        assert breaker.allow()
        breaker.failed()
    return breaker


def test_opens_only_after_failures_in_a_row() -> None:
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


def test_allows_one_probe_after_the_cooldown_and_closes_if_it_succeeds() -> None:
    clock = Clock()
    breaker = open_breaker(clock)
    clock.now += 0.99
    assert not breaker.allow()
    clock.now += 0.01
    assert breaker.allow()
    assert not breaker.allow()
    breaker.succeeded()
    assert breaker.closed
    assert breaker.allow()


def test_cooldown_doubles_with_each_failed_probe_up_to_the_maximum() -> None:
    clock = Clock()
    breaker = open_breaker(clock)
    cooldowns = []
    clock.now += 1
    assert breaker.allow()
    for _ in range(5):
        breaker.failed()
        failed_at = clock.now
        while not breaker.allow():
            clock.now += 0.25
        cooldowns.append(clock.now - failed_at)
    assert cooldowns == [2, 4, 5, 5, 5]


def test_concurrent_failures_do_not_extend_the_cooldown() -> None:
    clock = Clock()
    breaker = open_breaker(clock)
    for _ in range(100):
        breaker.failed()
    clock.now += 1
    assert breaker.allow()


def test_a_probe_without_a_result_is_followed_by_another() -> None:
    clock = Clock()
    breaker = open_breaker(clock)
    clock.now += 1
    assert breaker.allow()
    clock.now += 1
    assert breaker.allow()
