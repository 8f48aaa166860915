"""Measurement of the event loop's delay."""

import asyncio
import time

from prometheus_client import CollectorRegistry

from service.http.loop_monitor import INTERVAL, LoopMonitor


def maxima(registry: CollectorRegistry) -> tuple[float, float]:
    samples = {sample.name: sample.value for family in registry.collect() for sample in family.samples}
    return samples["iiae_loop_lag_max_seconds"], samples["iiae_loop_cpu_max_seconds"]


def burn(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


async def measured(block, registry: CollectorRegistry) -> tuple[float, float]:
    async with LoopMonitor(registry).running():
        await asyncio.sleep(2 * INTERVAL)
        block()
        await asyncio.sleep(2 * INTERVAL)
    return maxima(registry)


def test_a_busy_and_a_sleeping_callback_are_told_apart():
    lag, cpu = asyncio.run(measured(lambda: burn(0.3), CollectorRegistry()))
    assert lag > 0.25 and cpu > 0.25
    lag, cpu = asyncio.run(measured(lambda: time.sleep(0.3), CollectorRegistry()))
    assert lag > 0.25 and cpu < 0.1


def test_a_scrape_resets_the_maxima_but_not_the_histogram():
    registry = CollectorRegistry()
    monitor = LoopMonitor(registry)
    monitor.record(0.5, 0.2)
    monitor.record(0.1, 0.3)
    assert maxima(registry) == (0.5, 0.2)
    assert maxima(registry) == (0, 0)
    assert registry.get_sample_value("iiae_loop_lag_seconds_count") == 2
