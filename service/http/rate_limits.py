"""Rate limits and quotas for each caller, counted in Redis, or in memory if Redis does not answer."""

import asyncio
import logging
import time
from dataclasses import dataclass
from math import ceil

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.util import WindowStats
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from service.cache.breaker import CircuitBreaker
from service.errors import QuotaExceeded, RateLimited

logger = logging.getLogger(__name__)

CONNECTIONS = 16


@dataclass(frozen=True)
class Limit:
    """A number of requests in a window of time.

    Args:
        name: its name in the header `RateLimit`.
        item: number of requests and length of the window.
        error: raised if a caller exceeds it.
    """

    name: str
    item: RateLimitItem
    error: type[RateLimited] | type[QuotaExceeded]

    @property
    def policy(self) -> str:
        """The limit as the header `RateLimit-Policy` has it."""
        return f'"{self.name}";q={self.item.amount};w={self.item.get_expiry()}'


@dataclass(frozen=True)
class Usage:
    """What a caller has left of one limit.

    Args:
        remaining: requests that are left.
        reset: seconds until there are more.
    """

    limit: Limit
    remaining: int
    reset: int

    @property
    def header(self) -> str:
        """The usage as the header `RateLimit` has it."""
        return f'"{self.limit.name}";r={self.remaining};t={self.reset}'


class RedisCounters:
    """Counters in Redis, shared by all servers. A slow or absent Redis gives None within the timeout.

    Args:
        url: a `redis://`, `rediss://` or `unix://` URL.
        timeout: seconds for one request's commands.
    """

    def __init__(self, url: str, *, timeout: float, breaker: CircuitBreaker | None = None) -> None:
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        storage = RedisStorage(  # the pool has the address; the URL only selects the library
            "async+redis://",
            implementation="redispy",
            connection_pool=self._pool,  # type: ignore[arg-type]  # the documentation allows a pool
            key_prefix="iiae:limits",
        )
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._timeout = timeout
        self._breaker = breaker or CircuitBreaker()

    async def hit(self, item: RateLimitItem, caller: str) -> tuple[bool, WindowStats] | None:
        """Count a request, unless the limit is reached.

        Returns:
            Whether the request is within the limit, and what is left; None if Redis did not answer.
        """
        if not self._breaker.allow():
            return None
        try:
            async with asyncio.timeout(self._timeout):
                allowed = await self._limiter.hit(item, caller)
                stats = await self._limiter.get_window_stats(item, caller)
            if not allowed and stats.remaining > item.amount // 2:
                raise ValueError("the caller is refused, and has requests left")
        except Exception as error:  # the parser raises many types if the server is not Redis
            was_closed = self._breaker.closed
            self._breaker.failed()
            if was_closed and not self._breaker.closed:
                logger.warning(
                    "Redis does not answer (%s); limits are counted in memory", type(error).__name__
                )
            return None
        self._breaker.succeeded()
        return allowed, stats

    async def stop(self) -> None:
        """Close the connections."""
        try:
            async with asyncio.timeout(10 * self._timeout):
                await self._pool.disconnect()
        except Exception as error:  # the process ends anyway
            logger.info("Redis did not close its connections: %r", error)


class RateLimits:
    """Counts requests of each caller against the limits of the deployment.

    Memory always counts too: it is right for a single server, and it takes over at once if Redis fails.

    Args:
        rate: such as `20/second`; no limit if None.
        quota: such as `100000/day`; no limit if None.
        redis: counters shared by several servers.
    """

    def __init__(
        self, *, rate: str | None = None, quota: str | None = None, redis: RedisCounters | None = None
    ) -> None:
        limits = (("rate", rate, RateLimited), ("quota", quota, QuotaExceeded))
        self.limits = [Limit(name, parse(text), error) for name, text, error in limits if text is not None]
        self._memory = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._redis = redis

    async def count(self, caller: str) -> list[Usage]:
        """Count a request of a caller, and return what the caller has left of each limit.

        Raises:
            RateLimited, QuotaExceeded: the request exceeds a limit.
        """
        usages = []
        for limit in self.limits:
            allowed, stats = await self._hit(limit.item, caller)
            usage = Usage(limit, stats.remaining, max(1, ceil(stats.reset_time - time.time())))
            if not allowed:
                raise limit.error(
                    f"the limit is {limit.item.amount} requests in {limit.item.get_expiry():,} s; "
                    "try again after the time in Retry-After",
                    retry_after=usage.reset,
                )
            usages.append(usage)
        return usages

    async def stop(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            await self._redis.stop()

    async def _hit(self, item: RateLimitItem, caller: str) -> tuple[bool, WindowStats]:
        allowed = await self._memory.hit(item, caller)
        if (
            allowed
            and self._redis is not None
            and (answer := await self._redis.hit(item, caller)) is not None
        ):
            return answer
        return allowed, await self._memory.get_window_stats(item, caller)
