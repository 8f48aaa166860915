"""Embeddings computed once: in this process, in Redis behind it where there is one, never twice at a time."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.cache.encoding import CorruptEntry, decode, encode
from service.cache.lru import Lru
from service.cache.redis import RedisCache
from service.cache.single_flight import SingleFlight

logger = logging.getLogger(__name__)

Embedding = NDArray[np.float32]


def cache_key(sha256: str, digest: str, preprocessing: str, kind: str) -> str:
    """What determines an embedding: the picture's bytes, the checkpoint, how pictures become pixels, and which code."""
    return f"iiae:{digest}:{preprocessing}:{kind}:{sha256}"


@dataclass(frozen=True, kw_only=True)
class CacheStats:
    """Counts since the start, but for `entries` and `size` (bytes), which are what is held now.

    A request is a `hit` (in the process), a `redis_hit`, a `joined` one (it shared a computation or a look-up
    that was under way) or a `miss`. `damaged` are values in Redis that were not believed.
    """

    hits: int
    redis_hits: int
    joined: int
    misses: int
    damaged: int
    entries: int
    size: int
    redis: Literal["off", "up", "down"]
    redis_failures: int
    redis_dropped_writes: int


class EmbeddingCache:
    """Gives back float32 rounded to float16, which is what it keeps, whether computed now or before.

    Args:
        max_bytes: for what is kept in the process; 0 keeps nothing.
        redis: behind it, shared with other processes.
    """

    def __init__(self, *, max_bytes: int, redis: RedisCache | None = None) -> None:
        self._kept = Lru(max_bytes)
        self._redis = redis
        self._flights: SingleFlight[Embedding] = SingleFlight()
        self._hits = self._redis_hits = self._joined = self._misses = self._damaged = 0

    async def start(self) -> None:
        if self._redis is not None:
            await self._redis.start()

    async def stop(self) -> None:
        if self._redis is not None:
            await self._redis.stop()

    async def get_or_compute(self, key: str, compute: Callable[[], Awaitable[Embedding]]) -> Embedding:
        """The embedding under `key`, float32 and the caller's own; `compute` is called if nobody has it.

        Callers of one key at one time share one computation, which is cancelled when the last of them is.

        Raises:
            Exception: what `compute` raised; nothing is kept then.
        """
        encoded = self._kept.get(key)
        if encoded is not None:
            self._hits += 1
            return decode(key, encoded)
        if key in self._flights:
            self._joined += 1
        return (await self._flights.join(key, lambda: self._fetch(key, compute))).copy()

    def stats(self) -> CacheStats:
        state: Literal["off", "up", "down"] = "off"
        if self._redis is not None:
            state = "up" if self._redis.up else "down"
        return CacheStats(
            hits=self._hits,
            redis_hits=self._redis_hits,
            joined=self._joined,
            misses=self._misses,
            damaged=self._damaged,
            entries=len(self._kept),
            size=self._kept.size,
            redis=state,
            redis_failures=self._redis.counts.failures if self._redis else 0,
            redis_dropped_writes=self._redis.counts.dropped_writes if self._redis else 0,
        )

    async def _fetch(self, key: str, compute: Callable[[], Awaitable[Embedding]]) -> Embedding:
        found = await self._from_redis(key)
        if found is not None:
            self._redis_hits += 1
            return found
        self._misses += 1
        values = await compute()
        try:
            encoded = encode(key, values)
        except ValueError:  # not kept, so that it is computed again rather than wrong from then on
            logger.warning("an embedding has values that float16 cannot hold; it is not kept (%s)", key)
            return values
        self._kept.put(key, encoded)
        if self._redis is not None:
            self._redis.put(key, encoded)
        return decode(key, encoded)

    async def _from_redis(self, key: str) -> Embedding | None:
        encoded = await self._redis.get(key) if self._redis is not None else None
        if encoded is None:
            return None
        try:
            values = decode(key, encoded)
        except CorruptEntry as error:
            self._damaged += 1
            logger.warning("a damaged embedding in Redis is computed anew (%s: %s)", key, error)
            return None
        self._kept.put(key, encoded)
        return values
