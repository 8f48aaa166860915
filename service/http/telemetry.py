"""Metrics for Prometheus. Each app has its own registry."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.cache.embeddings import EmbeddingCache
from service.galleries.collection import Galleries
from service.http.log_queue import LogQueue
from service.http.request_record import METHODS
from service.images.budget import DecodedBudget
from service.inference.admission import AdmissionControl
from service.inference.engine import Batch, Engine
from service.registry.registry import Registry
from service.storage import Disk


class Pool(Protocol):
    """Something that a limited number of calls use at the same time, such as a pool of threads."""

    name: str

    @property
    def waiting(self) -> int:
        """Number of calls that wait for a thread."""

    @property
    def running(self) -> int:
        """Number of calls that run in a thread."""


class Telemetry:
    """The metrics of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # memory, CPU time, open files
        self.requests = Counter(
            "iiae_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.problems = Counter(
            "iiae_problems", "Requests answered with a problem", ["code"], registry=self.registry
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

    def watch(
        self,
        *,
        engine: Engine,
        cache: EmbeddingCache,
        registry: Registry,
        budget: DecodedBudget | None = None,
        pools: Sequence[Pool] = (),
        controls: Mapping[str, AdmissionControl] | None = None,
        disk: Disk | None = None,
        galleries: Galleries | None = None,
    ) -> None:
        """Add metrics that are read from the services at every scrape.

        Args:
            controls: the admission controls by the name of their group.
        """
        self.registry.register(_ServiceCollector(engine, cache, registry))
        self.registry.register(_LoadCollector(pools, controls or {}))
        if budget is not None:
            self.registry.register(_DecodedCollector(budget))
        if disk is not None:
            self.registry.register(_DiskCollector(disk))
        if galleries is not None:
            self.registry.register(_GalleryCollector(galleries))

    def watch_log(self, log: LogQueue) -> None:
        """Add the metric of dropped log entries."""
        self.registry.register(_LogCollector(log))

    def on_batch(self, batch: Batch) -> None:
        """Record a forward pass."""
        self.batch_items.observe(batch.items)
        self.batch_seconds.observe(batch.forward_seconds)
        self.waited_seconds.observe(batch.wait_seconds)

    def on_request(
        self, *, method: str, route: str, status: int, problem: str | None, seconds: float
    ) -> None:
        """Record an answered request.

        Args:
            method: its method. Unknown methods count as "other".
            route: template of its path.
            status: status of its response.
            problem: code of the problem that was its response.
            seconds: time until the end of the response.
        """
        self.requests.labels(method if method in METHODS else "other", route, str(status)).inc()
        if problem is not None:
            self.problems.labels(problem).inc()
        self.seconds.labels(route).observe(seconds)

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
        yield CounterMetricFamily(
            "iiae_cache_joined", "Embeddings that shared a lookup or computation", stats.joined
        )
        yield CounterMetricFamily("iiae_cache_corrupt", "Corrupt embeddings found in Redis", stats.corrupt)
        yield CounterMetricFamily(
            "iiae_redis_failures", "Reads and writes that Redis did not answer in time", stats.redis_failures
        )
        yield CounterMetricFamily(
            "iiae_redis_refused_writes",
            "Writes that Redis answered with an error",
            stats.redis_refused_writes,
        )
        yield CounterMetricFamily(
            "iiae_redis_dropped_writes", "Writes that were not sent to Redis", stats.redis_dropped_writes
        )


class _LoadCollector(Collector):
    """Reads what waits and what was refused."""

    def __init__(self, pools: Sequence[Pool], controls: Mapping[str, AdmissionControl]) -> None:
        self._pools, self._controls = pools, controls

    def collect(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("iiae_pool_waiting", "Calls that wait for their turn", labels=["pool"])
        running = GaugeMetricFamily("iiae_pool_running", "Calls that run", labels=["pool"])
        for pool in self._pools:
            waiting.add_metric([pool.name], pool.waiting)
            running.add_metric([pool.name], pool.running)
        in_flight = GaugeMetricFamily("iiae_in_flight", "Requests that are being answered", labels=["group"])
        refused = CounterMetricFamily(
            "iiae_admission_refused", "Requests refused because they would be late", labels=["group"]
        )
        late = CounterMetricFamily(
            "iiae_admission_late", "Admitted requests that missed their deadline", labels=["group"]
        )
        for group, control in self._controls.items():
            in_flight.add_metric([group], control.in_flight)
            refused.add_metric([group], control.refused)
            late.add_metric([group], control.late)
        yield from (waiting, running, in_flight, refused, late)


class _DecodedCollector(Collector):
    """Reads the memory of images that are decoded."""

    def __init__(self, budget: DecodedBudget) -> None:
        self._budget = budget

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "iiae_decoded_bytes", "Bytes of the images that are decoded now", self._budget.in_flight
        )
        yield GaugeMetricFamily(
            "iiae_decoded_waiting_bytes", "Bytes of the images that wait to be decoded", self._budget.waiting
        )


class _LogCollector(Collector):
    def __init__(self, log: LogQueue) -> None:
        self._log = log

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily(
            "iiae_log_dropped", "Log entries dropped because the log's reader is slow", self._log.dropped
        )


class _DiskCollector(Collector):
    """Reads the free space at its last measurement."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def collect(self) -> Iterator[Metric]:
        if self._disk.free is not None:
            yield GaugeMetricFamily(
                "iiae_disk_free_bytes", "Free space on the disk of the galleries", self._disk.free
            )


class _GalleryCollector(Collector):
    """Reads the state of the galleries."""

    def __init__(self, galleries: Galleries) -> None:
        self._galleries = galleries

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "iiae_damaged_rows",
            "Rows and pictures of open galleries that were found damaged on the disk",
            self._galleries.damaged_rows(),
        )
