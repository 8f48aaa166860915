"""The cache with a real redis-server that is killed, suspended, filled, flushed and restarted."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from benchmarks.shared.redis_process import RedisProcess
from service.cache.breaker import CircuitBreaker
from service.cache.embeddings import EmbeddingCache, cache_key
from service.cache.encoding import decode
from service.cache.redis import RedisCache

VALUES = np.linspace(-1, 1, 128, dtype=np.float32).reshape(2, 64)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisProcess]:
    process = RedisProcess(tmp_path)
    yield process
    process.kill()


@asynccontextmanager
async def cache_at(
    url: str, *, max_bytes: int = 0, cooldown: float = 0.05, timeout: float = 0.2
) -> AsyncIterator[EmbeddingCache]:
    """An embedding cache without a memory cache: every request asks Redis."""
    cache = EmbeddingCache(
        max_bytes=max_bytes,
        redis=RedisCache(
            url, timeout=timeout, breaker=CircuitBreaker(cooldown=cooldown, max_cooldown=cooldown)
        ),
    )
    await cache.start()
    try:
        yield cache
    finally:
        await asyncio.wait_for(cache.stop(), 10)


class Model:
    """Counts its computations."""

    def __init__(self) -> None:
        self.computed = 0

    async def __call__(self) -> np.ndarray:
        self.computed += 1
        return VALUES


def key(name: object) -> str:
    return cache_key(str(name), "digest", "1", "shared-x")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def assert_right(cache: EmbeddingCache, name: object, model: Model) -> None:
    """Request an embedding and compare it with the model's."""
    np.testing.assert_allclose(await cache.get_or_compute(key(name), model), VALUES, atol=5e-4)


def test_one_process_finds_the_embedding_of_another(redis: RedisProcess) -> None:
    async def check() -> None:
        model = Model()
        async with cache_at(redis.url) as cache:
            first = await cache.get_or_compute(key(1), model)
        async with cache_at(redis.url) as cache:
            second = await cache.get_or_compute(key(1), model)
            stats = cache.stats()
        assert model.computed == 1
        assert (stats.redis_hits, stats.misses, stats.redis) == (1, 0, "up")
        np.testing.assert_array_equal(first, second)

    asyncio.run(check())
    stored = redis.client.get(key(1))
    assert key(1).startswith("iiae:")
    assert isinstance(stored, bytes)
    np.testing.assert_allclose(decode(key(1), stored), VALUES, atol=5e-4)
    assert len(stored) < 2 * VALUES.size + 50
    assert 0 < int(redis.client.ttl(key(1))) <= 7 * 24 * 3600


@pytest.mark.parametrize("garbage", [b"", b"\x80\x04garbage", b"iiE1" + bytes(100)])
def test_corrupt_values_are_computed_again_and_replaced(redis: RedisProcess, garbage: bytes) -> None:
    async def check() -> None:
        model = Model()
        async with cache_at(redis.url) as cache:
            redis.client.set(key(1), garbage)
            await assert_right(cache, 1, model)
            redis.client.set(key(3), redis.client.get(key(1)) or b"")  # valid, but of another key
            await assert_right(cache, 3, model)
            assert (model.computed, cache.stats().corrupt) == (2, 2)
            await until(lambda: redis.client.get(key(1)) != garbage)
            await assert_right(cache, 1, model)
            assert model.computed == 2

    asyncio.run(check())


def test_another_redis_type_under_a_key_is_a_miss_and_not_a_failure(redis: RedisProcess) -> None:
    async def check() -> None:
        model = Model()
        async with cache_at(redis.url, timeout=5) as cache:
            for name in range(5):
                redis.client.lpush(key(name), "a list")
                await assert_right(cache, name, model)
            assert model.computed == 5
            assert cache.stats().redis == "up"
            assert cache.stats().redis_failures == 0

    asyncio.run(check())


def test_survives_a_kill_and_a_restart_of_redis(redis: RedisProcess) -> None:
    async def check() -> None:
        model = Model()
        async with cache_at(redis.url) as cache:
            await assert_right(cache, 0, model)
            redis.kill()
            for name in range(20):
                await assert_right(cache, name, model)
            assert cache.stats().redis == "down"
            computed, failures = model.computed, cache.stats().redis_failures
            assert computed == 21
            assert failures < 15  # the open breaker skipped most calls
            await asyncio.to_thread(redis.start)
            await asyncio.sleep(0.06)
            await assert_right(cache, "back", model)
            await until(lambda: cache.stats().redis == "up")
            await assert_right(cache, "new", model)
            await until(lambda: redis.client.exists(key("new")) == 1)
            await assert_right(cache, "new", model)
            assert cache.stats().redis_hits == 1

    asyncio.run(check())


def test_suspended_redis_costs_a_few_timeouts_and_then_nothing(redis: RedisProcess) -> None:
    async def check() -> None:
        model = Model()
        async with cache_at(redis.url, cooldown=0.5) as cache:
            await assert_right(cache, 0, model)
            await until(lambda: redis.client.exists(key(0)) == 1)
            redis.signal(signal.SIGSTOP)
            started = time.monotonic()
            for name in range(1, 4):
                await assert_right(cache, name, model)
            assert cache.stats().redis == "down"
            assert time.monotonic() - started < 2  # three timeouts of .2 s
            started = time.monotonic()
            for name in range(4, 54):
                await assert_right(cache, name, model)
            assert time.monotonic() - started < 0.5
            redis.signal(signal.SIGCONT)
            await asyncio.sleep(0.6)
            await assert_right(cache, 0, model)
            await until(lambda: cache.stats().redis == "up")
            computed = model.computed
            await assert_right(cache, 0, model)
            assert model.computed == computed

    asyncio.run(check())


def test_concurrent_requests_to_a_suspended_redis_wait_for_one_timeout(redis: RedisProcess) -> None:
    async def check() -> None:
        model = Model()
        async with cache_at(redis.url, cooldown=5) as cache:
            redis.signal(signal.SIGSTOP)
            started = time.monotonic()
            await asyncio.gather(*(assert_right(cache, name, model) for name in range(200)))
            assert time.monotonic() - started < 2
            assert model.computed == 200

    asyncio.run(check())


def test_full_redis_still_answers_reads(redis: RedisProcess) -> None:
    async def check() -> None:
        model = Model()
        async with cache_at(redis.url, timeout=5) as cache:  # a busy machine must not look like a failure
            await assert_right(cache, "old", model)
            await until(lambda: redis.client.exists(key("old")) == 1)
            redis.client.config_set("maxmemory-policy", "noeviction")
            redis.client.config_set("maxmemory", "1")
            for name in range(10):
                await assert_right(cache, name, model)
            await assert_right(cache, "old", model)
            assert model.computed == 11
        assert cache.stats().redis == "up"
        assert cache.stats().redis_failures == 0
        assert redis.client.dbsize() == 1

    asyncio.run(check())


def test_flushed_redis_is_filled_again(redis: RedisProcess) -> None:
    async def check() -> None:
        model = Model()
        async with cache_at(redis.url) as cache:
            await assert_right(cache, 1, model)
            await until(lambda: redis.client.exists(key(1)) == 1)
            redis.client.flushall()
            await assert_right(cache, 1, model)
            assert model.computed == 2
            await until(lambda: redis.client.exists(key(1)) == 1)

    asyncio.run(check())


def test_breaker_opens_for_a_server_that_is_not_redis() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def check() -> None:
        model = Model()
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with cache_at(f"redis://127.0.0.1:{port}", cooldown=5) as cache:
                for name in range(6):
                    await assert_right(cache, name, model)
                assert model.computed == 6
                assert cache.stats().redis == "down"

    asyncio.run(check())


def test_timeout_covers_the_connection_and_the_read_together() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while await reader.read(1000):
                for _ in range(3):  # one reply to each command of the handshake, each within the timeout
                    await asyncio.sleep(0.15)
                    writer.write(b"+OK\r\n")

    async def check() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with cache_at(f"redis://127.0.0.1:{port}", cooldown=5) as cache:
                started = time.monotonic()
                await assert_right(cache, 1, Model())
                assert time.monotonic() - started < 0.4
                assert cache.stats().redis_failures == 1

    asyncio.run(check())


def test_pending_writes_are_bounded(redis: RedisProcess) -> None:
    async def check() -> None:
        cache = RedisCache(redis.url, max_pending=4)
        for name in range(10):  # the writer has not started
            cache.put(key(name), b"value")
        assert cache.counts.dropped_writes == 6
        await cache.start()
        await cache.stop()
        assert cache.counts.writes == 4
        assert redis.client.dbsize() == 4

    asyncio.run(check())


def test_an_invalid_url_is_refused() -> None:
    with pytest.raises(ValueError):
        RedisCache("localhost:6379")
