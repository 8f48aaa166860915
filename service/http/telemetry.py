"""Metrics for Prometheus. Each app has its own registry."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.cache.embeddings import EmbeddingCache
from service.inference.engine import Batch, Engine
from service.registry.registry import Registry


class Telemetry:
    """The metrics of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # memory, CPU time, open files
        self.requests = Counter(
            "iiae_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "iiae_request_seconds",
            "Seconds from a request to its response",
            ["route"],
            registry=self.registry,
        )
        self.batch_items = Histogram(
            "iiae_batch_items",
            "Items in a forward pass",
            buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=self.registry,
        )
        self.batch_seconds = Histogram(
            "iiae_batch_seconds", "Seconds of a forward pass", registry=self.registry
        )
        self.waited_seconds = Histogram(
            "iiae_waited_seconds", "Seconds that a batch's oldest request waited", registry=self.registry
        )

    def watch(self, *, engine: Engine, cache: EmbeddingCache, registry: Registry) -> None:
        """Add metrics that are read from the services at every scrape."""
        self.registry.register(_ServiceCollector(engine, cache, registry))

    def on_batch(self, batch: Batch) -> None:
        """Record a forward pass."""
        self.batch_items.observe(batch.items)
        self.batch_seconds.observe(batch.forward_seconds)
        self.waited_seconds.observe(batch.wait_seconds)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class _ServiceCollector(Collector):
    """Reads the state of the services. Counts since the start are counters, for `rate()`."""

    def __init__(self, engine: Engine, cache: EmbeddingCache, registry: Registry) -> None:
        self._engine, self._cache, self._registry = engine, cache, registry

    def collect(self) -> Iterator[Metric]:
        stats = self._cache.stats()
        yield GaugeMetricFamily("iiae_queue_items", "Items that wait for the device", self._engine.depth)
        yield GaugeMetricFamily("iiae_models", "Models that are served", len(self._registry.models()))
        yield GaugeMetricFamily(
            "iiae_models_rejected", "Checkpoints that are not served", len(self._registry.rejected())
        )
        yield GaugeMetricFamily("iiae_cache_entries", "Embeddings in the memory cache", stats.entries)
        yield GaugeMetricFamily("iiae_cache_bytes", "Bytes in the memory cache", stats.size)
        yield GaugeMetricFamily("iiae_redis_up", "1 if Redis answers", float(stats.redis == "up"))
        yield CounterMetricFamily("iiae_cache_hits", "Embeddings found in the memory cache", stats.hits)
        yield CounterMetricFamily("iiae_cache_redis_hits", "Embeddings found in Redis", stats.redis_hits)
        yield CounterMetricFamily("iiae_cache_misses", "Embeddings found in no cache", stats.misses)
