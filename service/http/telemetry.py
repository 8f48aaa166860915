"""Counters for Prometheus, in a registry of their own for each app."""

from collections.abc import Callable, Iterator
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.inference.engine import Batch

Gauges = Callable[[], dict[str, float]]


class Telemetry:
    """What is counted; `gauges` are read whenever somebody asks."""

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

    def watch(self, gauges: Gauges) -> None:
        """Adds gauges `iiae_<name>`."""
        self.registry.register(_Read(gauges))

    def on_batch(self, batch: Batch) -> None:
        """Told of every forward pass."""
        self.batch_items.observe(batch.items)
        self.batch_seconds.observe(batch.forward_seconds)
        self.waited_seconds.observe(batch.wait_seconds)

    def text(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self.registry)


class _Read(Collector):
    def __init__(self, gauges: Gauges) -> None:
        self.gauges = gauges

    def collect(self) -> Iterator[Metric]:
        for name, value in self.gauges().items():
            yield GaugeMetricFamily(f"iiae_{name}", name.replace("_", " "), value=value)


class RequestMetrics:
    """Counts and times requests by their route's template, never by a path that somebody made up."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self.app, self.telemetry = app, telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = perf_counter(), 499

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, seen)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self.telemetry.requests.labels(scope["method"], route, str(status)).inc()
            self.telemetry.seconds.labels(route).observe(perf_counter() - began)
