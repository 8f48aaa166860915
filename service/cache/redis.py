"""The Redis cache, shared by several processes. A slow, full or absent Redis never fails a request.

A read that exceeds the timeout counts as a miss. Writes run in the background and are dropped when too many
wait. After several failures in a row, a circuit breaker stops all calls and probes Redis from time to time.
"""

import asyncio
import logging
from dataclasses import dataclass

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from service.cache.breaker import CircuitBreaker

logger = logging.getLogger(__name__)

DAY = 24 * 3600
_MAX_WRITES_PER_ROUND = 32


@dataclass(kw_only=True)
class RedisCounts:
    """Counters since the start."""

    failures: int = 0  # reads and rounds of writes that Redis did not answer in time
    writes: int = 0
    refused_writes: int = 0  # Redis answered with an error: out of memory, read-only
    dropped_writes: int = 0  # too many writes were waiting, or the breaker was open


class RedisCache:
    """A key-value cache of bytes. `get` and `put` raise no error of Redis.

    Args:
        url: a `redis://`, `rediss://` or `unix://` URL. Another scheme raises ValueError.
        timeout: seconds for one read or one round of writes, including the connection.
        ttl: seconds until Redis expires an entry.
        max_pending: writes that may wait.
        connections: size of the connection pool.
        breaker: stops calls after failures.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 0.05,
        ttl: int = 7 * DAY,
        max_pending: int = 1024,
        connections: int = 16,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=connections,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            decode_responses=False,
        )
        self._redis = Redis(connection_pool=pool)
        self._timeout = timeout
        self._ttl = ttl
        self._breaker = breaker or CircuitBreaker()
        self._pending: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(max_pending)
        self._writer: asyncio.Task[None] | None = None
        self.counts = RedisCounts()

    @property
    def up(self) -> bool:
        """Whether the circuit breaker is closed."""
        return self._breaker.closed

    async def start(self) -> None:
        self._writer = asyncio.create_task(self._write_forever(), name="redis writes")

    async def stop(self) -> None:
        """Wait for pending writes, at most ten timeouts, and close the connections."""
        if self._writer is None:
            return
        try:
            async with asyncio.timeout(10 * self._timeout):
                await self._pending.join()
        except TimeoutError:
            logger.info("%d embeddings were not written to Redis before shutdown", self._pending.qsize())
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)
        self._writer = None
        try:
            async with asyncio.timeout(10 * self._timeout):
                await self._redis.aclose(close_connection_pool=True)
        except (RedisError, OSError, TimeoutError):
            pass

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None if Redis has none or does not answer in time."""
        if not self._breaker.allow():
            return None
        try:
            async with asyncio.timeout(self._timeout):
                value = await self._redis.get(key)
        except ResponseError:  # Redis works; the key holds another type
            value = None
        except Exception as error:  # the parser raises many types if the server is not Redis
            self._failed(error)
            return None
        self._succeeded()
        return value if isinstance(value, bytes) else None

    def put(self, key: str, value: bytes) -> None:
        """Schedule a write, or drop it if too many are pending."""
        try:
            self._pending.put_nowait((key, value))
        except asyncio.QueueFull:
            self.counts.dropped_writes += 1

    async def _write_forever(self) -> None:
        while True:
            entries = [await self._pending.get()]
            while len(entries) < _MAX_WRITES_PER_ROUND and not self._pending.empty():
                entries.append(self._pending.get_nowait())
            try:
                await self._write(entries)
            finally:
                for _ in entries:
                    self._pending.task_done()

    async def _write(self, entries: list[tuple[str, bytes]]) -> None:
        if not self._breaker.allow():
            self.counts.dropped_writes += len(entries)
            return
        try:
            async with asyncio.timeout(self._timeout), self._redis.pipeline(transaction=False) as pipeline:
                for key, value in entries:
                    pipeline.set(key, value, ex=self._ttl)
                replies = await pipeline.execute(raise_on_error=False)
        except Exception as error:
            self._failed(error)
            self.counts.dropped_writes += len(entries)
            return
        self._succeeded()
        errors = [reply for reply in replies if isinstance(reply, Exception)]
        if errors and not self.counts.refused_writes:
            logger.warning("Redis refuses to store embeddings: %s", errors[0])
        self.counts.refused_writes += len(errors)
        self.counts.writes += len(replies) - len(errors)

    def _succeeded(self) -> None:
        if not self._breaker.closed:
            logger.info("Redis answers again; it is used again")
        self._breaker.succeeded()

    def _failed(self, error: Exception) -> None:
        self.counts.failures += 1
        was_closed = self._breaker.closed
        self._breaker.failed()
        if was_closed and not self._breaker.closed:
            logger.warning(
                "Redis does not answer (%s); embeddings are cached in memory only", type(error).__name__
            )
