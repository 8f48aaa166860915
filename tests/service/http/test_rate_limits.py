"""Limits of each caller, in memory and in a real Redis that is shared, killed, suspended and restarted."""

import asyncio
import signal
import time

import pytest

from benchmarks.shared.redis_process import RedisProcess
from service.cache.breaker import CircuitBreaker
from service.errors import QuotaExceeded, RateLimited
from service.http.rate_limits import RateLimits, RedisCounters


@pytest.fixture
def redis(tmp_path):
    process = RedisProcess(tmp_path)
    yield process
    process.kill()


async def allowed(limits: RateLimits, requests: int, caller: str = "key:a") -> int:
    """Count requests and return how many were allowed."""
    count = 0
    for _ in range(requests):
        try:
            await limits.count(caller)
            count += 1
        except (RateLimited, QuotaExceeded):
            pass
    return count


def counters(url: str, timeout: float = 0.2) -> RedisCounters:
    return RedisCounters(url, timeout=timeout, breaker=CircuitBreaker(cooldown=0.05, max_cooldown=0.05))


def test_each_caller_has_its_own_count():
    async def run() -> None:
        limits = RateLimits(quota="5/hour")
        assert await allowed(limits, 8, "key:a") == 5
        assert await allowed(limits, 3, "key:b") == 3

    asyncio.run(run())


def test_a_rate_recovers():
    async def run() -> None:
        limits = RateLimits(rate="3/second")
        assert await allowed(limits, 5) == 3
        await asyncio.sleep(2.1)
        assert await allowed(limits, 5) == 3

    asyncio.run(run())


def test_the_error_says_when_to_try_again():
    async def run() -> None:
        limits = RateLimits(rate="100/second", quota="1/hour")
        (rate, quota) = await limits.count("key:a")
        assert (rate.remaining, quota.remaining) == (99, 0)
        assert quota.header.startswith('"quota";r=0;t=')
        assert quota.limit.policy == '"quota";q=1;w=3600'
        with pytest.raises(QuotaExceeded) as refused:
            await limits.count("key:a")
        assert 1 <= refused.value.retry_after <= 3600

    asyncio.run(run())


def test_servers_share_their_counts_through_redis(redis):
    async def run() -> None:
        first, second = (RateLimits(quota="10/hour", redis=counters(redis.url)) for _ in range(2))
        assert await allowed(first, 6) + await allowed(second, 6) == 10
        assert await allowed(second, 6, "key:b") == 6
        await first.stop()
        await second.stop()

    asyncio.run(run())


def test_memory_counts_when_redis_is_killed(redis):
    async def run() -> None:
        limits = RateLimits(quota="10/hour", redis=counters(redis.url))
        assert await allowed(limits, 4) == 4
        redis.kill()
        assert await allowed(limits, 10) == 6
        redis.start()  # without its counts
        await asyncio.sleep(0.1)
        assert await allowed(limits, 10) == 0
        await limits.stop()

    asyncio.run(run())


def test_a_suspended_redis_costs_a_few_timeouts_and_no_request(redis):
    async def run() -> None:
        limits = RateLimits(quota="1000/hour", redis=RedisCounters(redis.url, timeout=0.05))
        redis.signal(signal.SIGSTOP)
        began = time.monotonic()
        assert await allowed(limits, 100) == 100
        assert time.monotonic() - began < 3  # without the breaker: 5 s
        redis.signal(signal.SIGCONT)
        await limits.stop()

    asyncio.run(run())


def test_a_port_that_is_not_redis_costs_no_request():
    async def run() -> None:
        server = await asyncio.start_server(
            lambda _, writer: writer.write(b"HTTP/1.1 400\r\n\r\n"), "127.0.0.1"
        )
        url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        limits = RateLimits(quota="5/hour", redis=counters(url))
        assert await allowed(limits, 8) == 5
        await limits.stop()
        server.close()

    asyncio.run(run())


@pytest.mark.parametrize("reply", [b"$-1\r\n", b":0\r\n"], ids=["nil", "zero"])
def test_a_redis_that_answers_everything_alike_refuses_nobody(reply):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            writer.write(reply)

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1")
        url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        limits = RateLimits(rate="1000/second", quota="5/hour", redis=counters(url))
        assert await allowed(limits, 8) == 5
        await limits.stop()
        server.close()

    asyncio.run(run())
