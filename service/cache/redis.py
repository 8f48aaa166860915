"""Embeddings shared by several processes through Redis, which may be slow, full or gone without anybody noticing.

Reads take at most the timeout, then the caller computes; writes happen in the background and are dropped when too
many wait. After a few failures in a row a circuit breaker leaves Redis alone and probes it from time to time.
"""

import asyncio
import logging
from dataclasses import dataclass

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from service.cache.breaker import Breaker

logger = logging.getLogger(__name__)

DAY = 24 * 3600
_WRITES_AT_ONCE = 32


@dataclass(kw_only=True)
class RedisCounts:
    """What happened so far. `failures` are reads and writes that Redis did not answer in time or at all."""

    failures: int = 0
    writes: int = 0
    refused_writes: int = 0  # Redis answered with an error: out of memory, read-only
    dropped_writes: int = 0  # too many were waiting, or Redis was being left alone


class RedisCache:
    """Bytes by key. No method raises for anything that Redis does.

    Args:
        url: `redis://`, `rediss://` or `unix://`; ValueError for any other.
        timeout: seconds that a read or a round of writes may take, connecting included.
        ttl: seconds that Redis keeps an entry after it was written.
        pending: writes that may wait.
        breaker: decides when Redis is left alone.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 0.05,
        ttl: int = 7 * DAY,
        pending: int = 1024,
        connections: int = 16,
        breaker: Breaker | None = None,
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
        self._breaker = breaker or Breaker()
        self._pending: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(pending)
        self._writer: asyncio.Task[None] | None = None
        self.counts = RedisCounts()

    @property
    def up(self) -> bool:
        """Whether Redis answered lately."""
        return self._breaker.closed

    async def start(self) -> None:
        self._writer = asyncio.create_task(self._write_forever(), name="redis writes")

    async def stop(self) -> None:
        """Gives waiting writes ten timeouts to land, then hangs up."""
        if self._writer is None:
            return
        try:
            async with asyncio.timeout(10 * self._timeout):
                await self._pending.join()
        except TimeoutError:
            logger.info("%d embeddings were not written to Redis before the end", self._pending.qsize())
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)
        self._writer = None
        try:
            async with asyncio.timeout(10 * self._timeout):
                await self._redis.aclose(close_connection_pool=True)
        except (RedisError, OSError, TimeoutError):
            pass

    async def get(self, key: str) -> bytes | None:
        """The bytes under a key; None when there are none or Redis does not say so in time."""
        if not self._breaker.allow():
            return None
        try:
            async with asyncio.timeout(self._timeout):
                value = await self._redis.get(key)
        except ResponseError:  # an answer, if a useless one: something else lies under the key
            value = None
        except (
            Exception
        ) as error:  # not only RedisError: parsers raise many kinds when it is no Redis that answers
            self._failed(error)
            return None
        self._answered()
        return value if isinstance(value, bytes) else None

    def put(self, key: str, value: bytes) -> None:
        """Writes in the background, or never."""
        try:
            self._pending.put_nowait((key, value))
        except asyncio.QueueFull:
            self.counts.dropped_writes += 1

    async def _write_forever(self) -> None:
        while True:
            entries = [await self._pending.get()]
            while len(entries) < _WRITES_AT_ONCE and not self._pending.empty():
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
                answers = await pipeline.execute(raise_on_error=False)
        except Exception as error:
            self._failed(error)
            self.counts.dropped_writes += len(entries)
            return
        self._answered()
        refused = [answer for answer in answers if isinstance(answer, Exception)]
        if refused and not self.counts.refused_writes:
            logger.warning("Redis refuses to keep embeddings: %s", refused[0])
        self.counts.refused_writes += len(refused)
        self.counts.writes += len(answers) - len(refused)

    def _answered(self) -> None:
        if not self._breaker.closed:
            logger.info("Redis answers again")
        self._breaker.succeeded()

    def _failed(self, error: Exception) -> None:
        self.counts.failures += 1
        was_closed = self._breaker.closed
        self._breaker.failed()
        if was_closed and not self._breaker.closed:
            logger.warning(
                "Redis does not answer (%s); embeddings stay in this process", type(error).__name__
            )
