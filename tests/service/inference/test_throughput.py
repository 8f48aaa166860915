"""The throughput estimate and the `Retry-After` that follows from it."""

import pytest

from service.inference.throughput import ThroughputEstimate


def test_retry_after_is_1_before_any_measurement() -> None:
    assert ThroughputEstimate().retry_after(1000) == 1


@pytest.mark.parametrize(("items", "seconds"), [(1, 1), (4, 2), (5, 3), (1000, 60)])
def test_retry_after_is_the_time_for_the_items_in_whole_seconds_from_1_to_60(
    items: int, seconds: int
) -> None:
    estimate = ThroughputEstimate()
    estimate.record(10, 5.0)  # half a second for an item
    assert estimate.retry_after(items) == seconds


def test_estimate_follows_a_changed_speed() -> None:
    estimate = ThroughputEstimate(smoothing=0.1, max_retry_after=1000)
    estimate.record(1, 10.0)
    estimate.record(1, 0.0)
    assert estimate.retry_after(100) == 900  # nine tenths of the old speed
    for _ in range(100):
        estimate.record(1, 1.0)
    assert estimate.retry_after(100) == 101
