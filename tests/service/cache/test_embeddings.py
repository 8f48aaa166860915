"""The embedding cache without Redis."""

import asyncio

import numpy as np
import pytest

from service.cache.embeddings import EmbeddingCache, cache_key

VALUES = np.array([[0.1, -2.0], [1e-3, 3.0]], np.float32)


class Model:
    def __init__(self, values: np.ndarray = VALUES, error: Exception | None = None) -> None:
        self.computed = 0
        self._values, self._error = values, error

    async def __call__(self) -> np.ndarray:
        self.computed += 1
        await asyncio.sleep(0)
        if self._error:
            raise self._error
        return self._values


def test_cache_key_depends_on_every_part() -> None:
    parts = [
        ("photo", "digest", "1", "shared-x"),
        ("other", "digest", "1", "shared-x"),
        ("photo", "newer", "1", "shared-x"),
    ]
    parts += [("photo", "digest", "1.2", "shared-x"), ("photo", "digest", "1", "shared-y")]
    keys = {cache_key(*part) for part in parts}
    assert len(keys) == len(parts)
    assert all(key.startswith("iiae:") for key in keys)


def test_hit_and_miss_return_the_same_values() -> None:
    async def check() -> None:
        cache, model = EmbeddingCache(max_bytes=10_000), Model()
        first = await cache.get_or_compute("key", model)
        first_copy = first.copy()
        first += 1  # the caller's copy; the cache does not change
        second = await cache.get_or_compute("key", model)
        np.testing.assert_array_equal(first_copy, VALUES.astype(np.float16).astype(np.float32))
        np.testing.assert_array_equal(second, first_copy)
        stats = cache.stats()
        assert (model.computed, stats.hits, stats.misses, stats.entries, stats.redis) == (1, 1, 1, 1, "off")

    asyncio.run(check())


def test_concurrent_requests_compute_once_and_share_no_memory() -> None:
    async def check() -> None:
        cache, model = EmbeddingCache(max_bytes=0), Model()
        first, second = await asyncio.gather(*(cache.get_or_compute("key", model) for _ in range(2)))
        first += 1
        assert model.computed == 1
        assert not np.array_equal(first, second)
        assert (cache.stats().misses, cache.stats().joined) == (1, 1)

    asyncio.run(check())


def test_stays_within_max_bytes() -> None:
    async def check() -> None:
        cache, model = EmbeddingCache(max_bytes=3_000), Model()
        for number in range(100):
            await cache.get_or_compute(f"key {number}", model)
        assert 0 < cache.stats().size <= 3_000
        await cache.get_or_compute("key 99", model)
        assert model.computed == 100
        await cache.get_or_compute("key 0", model)
        assert model.computed == 101

    asyncio.run(check())


def test_failures_are_not_cached() -> None:
    async def check() -> None:
        cache = EmbeddingCache(max_bytes=10_000)
        with pytest.raises(ValueError):
            await cache.get_or_compute("key", Model(error=ValueError()))
        np.testing.assert_allclose(await cache.get_or_compute("key", Model()), VALUES, rtol=1e-3)

    asyncio.run(check())


def test_values_outside_float16_are_returned_but_not_cached() -> None:
    async def check() -> None:
        cache, model = EmbeddingCache(max_bytes=10_000), Model(np.array([1e6], np.float32))
        assert (await cache.get_or_compute("key", model)).tolist() == [1e6]
        assert cache.stats().entries == 0

    asyncio.run(check())
