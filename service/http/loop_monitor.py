"""Measure how late the event loop runs its callbacks: a late loop delays every request."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

INTERVAL = 0.02
"""Seconds between two wake-ups. A block of the loop shorter than this can go unnoticed."""


class LoopMonitor(Collector):
    """A task that sleeps, and measures how late it wakes up.

    A late wake-up has two possible causes: the loop ran a slow callback, or the loop's thread had to wait
    for a processor or for another thread. The thread's CPU time tells them apart. So there are two maxima:

    - `iiae_loop_lag_max_seconds`: the longest delay, whatever its cause.
    - `iiae_loop_cpu_max_seconds`: the same, but no more than the CPU time that the loop's thread used.

    Each scrape resets both maxima, so that they belong to the time between two scrapes.

    Args:
        registry: gets the metrics.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._histogram = Histogram(
            "iiae_loop_lag_seconds",
            "Seconds by which the event loop wakes up late",
            buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
            registry=registry,
        )
        self._max_lag = self._max_cpu = 0.0
        registry.register(self)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Measure the running event loop inside of this context."""
        task = asyncio.create_task(self._measure())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _measure(self) -> None:
        while True:
            due, cpu = time.perf_counter() + INTERVAL, time.thread_time()
            await asyncio.sleep(INTERVAL)
            self.record(max(0.0, time.perf_counter() - due), time.thread_time() - cpu)

    def record(self, lag: float, cpu: float) -> None:
        """Record one wake-up.

        Args:
            lag: seconds by which it was late.
            cpu: CPU seconds that the loop's thread used since the wake-up before.
        """
        self._histogram.observe(lag)
        self._max_lag = max(self._max_lag, lag)
        self._max_cpu = max(self._max_cpu, min(lag, cpu))

    def collect(self) -> Iterator[Metric]:
        """Yield the maxima since the last call, and reset them."""
        lag, self._max_lag = self._max_lag, 0.0
        cpu, self._max_cpu = self._max_cpu, 0.0
        yield GaugeMetricFamily(
            "iiae_loop_lag_max_seconds", "Longest delay of the event loop since the last scrape", lag
        )
        yield GaugeMetricFamily(
            "iiae_loop_cpu_max_seconds", "Longest slow callback of the event loop since the last scrape", cpu
        )
