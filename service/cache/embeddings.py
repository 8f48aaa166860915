"""The embedding cache: memory first, then Redis, then one shared computation."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from service.cache.encoding import CorruptEntry, decode, encode
from service.cache.memory import MemoryCache
from service.cache.redis import RedisCache
from service.cache.single_flight import SingleFlight
from service.embedding import Embedding
from service.tracing import span

logger = logging.getLogger(__name__)


def cache_key(sha256: str, digest: str, preprocessing: str, kind: str) -> str:
    """Return the cache key of an embedding.

    Args:
        sha256: hash of the image file.
        digest: hash of the checkpoint's weights.
        preprocessing: version of the code that turns images into pixels.
        kind: encoder that computed the value, such as `shared-x`.
    """
    return f"iiae:{digest}:{preprocessing}:{kind}:{sha256}"


@dataclass(frozen=True, kw_only=True)
class CacheStats:
    """Counters since the start; `entries` and `size` (bytes) describe the memory cache now.

    Each request counts once: as a `hit` (memory), a `redis_hit`, a `miss`, or as `joined` when it shared a
    lookup or computation that was already running. `corrupt` counts values in Redis that could not be
    decoded.
    """

    hits: int
    redis_hits: int
    joined: int
    misses: int
    corrupt: int
    entries: int
    size: int
    redis: Literal["off", "up", "down"]
    redis_failures: int
    redis_refused_writes: int
    redis_dropped_writes: int


class EmbeddingCache:
    """Caches embeddings as float16 and returns them as float32.

    A computed embedding is rounded to float16 as well, so a hit and a miss return the same values.

    Args:
        max_bytes: size of the memory cache; 0 disables it.
        redis: a second cache, shared with other processes.
    """

    def __init__(self, *, max_bytes: int, redis: RedisCache | None = None) -> None:
        self._memory = MemoryCache(max_bytes)
        self._redis = redis
        self._lookups: SingleFlight[Embedding] = SingleFlight()
        self._hits = self._redis_hits = self._joined = self._misses = self._corrupt = 0

    async def start(self) -> None:
        if self._redis is not None:
            await self._redis.start()

    async def stop(self) -> None:
        if self._redis is not None:
            await self._redis.stop()

    async def get_or_compute(self, key: str, compute: Callable[[], Awaitable[Embedding]]) -> Embedding:
        """Return the embedding under `key`, and call `compute` if no cache has it.

        Concurrent callers with one key share one computation. It is cancelled when all of them are.

        Returns:
            A new float32 array; the caller may change it.

        Raises:
            Exception: the error of `compute`. Nothing is stored then.
        """
        with span("cache") as current:
            encoded = self._memory.get(key)
            if encoded is not None:
                self._hits += 1
                current.set_attribute("outcome", "hit")
                return decode(key, encoded)
            joined = key in self._lookups
            self._joined += joined
            current.set_attribute("outcome", "joined" if joined else "lookup")
            return (await self._lookups.run(key, lambda: self._fetch(key, compute))).copy()

    def stats(self) -> CacheStats:
        """Return the current counters."""
        state: Literal["off", "up", "down"] = "off"
        if self._redis is not None:
            state = "up" if self._redis.up else "down"
        return CacheStats(
            hits=self._hits,
            redis_hits=self._redis_hits,
            joined=self._joined,
            misses=self._misses,
            corrupt=self._corrupt,
            entries=len(self._memory),
            size=self._memory.size,
            redis=state,
            redis_failures=self._redis.counts.failures if self._redis else 0,
            redis_refused_writes=self._redis.counts.refused_writes if self._redis else 0,
            redis_dropped_writes=self._redis.counts.dropped_writes if self._redis else 0,
        )

    async def _fetch(self, key: str, compute: Callable[[], Awaitable[Embedding]]) -> Embedding:
        cached = await self._from_redis(key)
        if cached is not None:
            self._redis_hits += 1
            return cached
        self._misses += 1
        values = await compute()
        try:
            encoded = encode(key, values)
        except ValueError:  # the next request computes it again, instead of getting wrong values
            logger.warning("float16 cannot hold the values of an embedding; it is not cached (key %s)", key)
            return values
        self._memory.put(key, encoded)
        if self._redis is not None:
            self._redis.put(key, encoded)
        return decode(key, encoded)

    async def _from_redis(self, key: str) -> Embedding | None:
        if self._redis is None:
            return None
        with span("redis") as current:
            encoded = await self._redis.get(key)
            current.set_attribute("outcome", "miss" if encoded is None else "hit")
        if encoded is None:
            return None
        try:
            values = decode(key, encoded)
        except CorruptEntry as error:
            self._corrupt += 1
            logger.warning("Redis has a corrupt embedding; it is computed again (key %s: %s)", key, error)
            return None
        self._memory.put(key, encoded)
        return values
