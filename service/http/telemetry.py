"""Metrics for Prometheus. Each app has its own registry."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.inference.engine import Batch

Gauges = Callable[[], dict[str, float]]


class Telemetry:
    """The metrics of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # memory, CPU time, open files
        self.requests = Counter(
            "iiae_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "iiae_request_seconds", "Time to an answer", ["route"], registry=self.registry
        )
        self.batch_items = Histogram(
            "iiae_batch_items",
            "Items of a forward pass",
            buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=self.registry,
        )
        self.batch_seconds = Histogram("iiae_batch_seconds", "Time of a forward pass", registry=self.registry)
        self.waited_seconds = Histogram(
            "iiae_waited_seconds", "Wait of a batch's oldest request", registry=self.registry
        )

    def add_source(self, gauges: Gauges) -> None:
        """Adds gauges `iiae_<name>`."""
        self.registry.register(_Read(gauges))

    def on_batch(self, batch: Batch) -> None:
        """Record a forward pass."""
        self.batch_items.observe(batch.items)
        self.batch_seconds.observe(batch.forward_seconds)
        self.waited_seconds.observe(batch.wait_seconds)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class _Read(Collector):
    def __init__(self, gauges: Gauges) -> None:
        self.gauges = gauges

    def collect(self) -> Iterator[Metric]:
        for name, value in self.gauges().items():
            yield GaugeMetricFamily(f"iiae_{name}", name.replace("_", " "), value=value)
