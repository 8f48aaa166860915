"""The metrics of forward passes and of the services' state."""

from types import SimpleNamespace

from prometheus_client.parser import text_string_to_metric_families

from service.http.telemetry import Telemetry
from service.inference.engine import Batch


def values(telemetry: Telemetry) -> dict[str, float]:
    """The values of all metrics without labels."""
    families = text_string_to_metric_families(telemetry.text().decode())
    return {
        sample.name: sample.value for family in families for sample in family.samples if not sample.labels
    }


def test_forward_passes_are_counted_and_their_seconds_added():
    telemetry = Telemetry()
    for items, forward, wait in ((3, 0.25, 1.0), (5, 0.5, 2.0)):
        telemetry.on_batch(
            Batch(key="k", requests=1, items=items, failed=0, wait_seconds=wait, forward_seconds=forward)
        )
    found = values(telemetry)
    assert (found["iiae_batch_items_count"], found["iiae_batch_items_sum"]) == (2, 8)
    assert (found["iiae_batch_seconds_sum"], found["iiae_waited_seconds_sum"]) == (0.75, 3.0)


def test_each_scrape_reads_the_present_state_of_the_services():
    telemetry = Telemetry()
    stats = SimpleNamespace(
        entries=1,
        size=2,
        redis="up",
        hits=3,
        redis_hits=4,
        misses=5,
        joined=9,
        corrupt=10,
        redis_failures=11,
        redis_refused_writes=12,
        redis_dropped_writes=13,
    )
    engine = SimpleNamespace(depth=6)
    registry = SimpleNamespace(models=lambda: [0] * 7, rejected=lambda: [0] * 8)
    telemetry.watch(engine=engine, cache=SimpleNamespace(stats=lambda: stats), registry=registry)
    expected = {
        "iiae_cache_entries": 1,
        "iiae_cache_bytes": 2,
        "iiae_redis_up": 1,
        "iiae_cache_hits_total": 3,
        "iiae_cache_redis_hits_total": 4,
        "iiae_cache_misses_total": 5,
        "iiae_cache_joined_total": 9,
        "iiae_cache_corrupt_total": 10,
        "iiae_redis_failures_total": 11,
        "iiae_redis_refused_writes_total": 12,
        "iiae_redis_dropped_writes_total": 13,
        "iiae_queue_items": 6,
        "iiae_models": 7,
        "iiae_models_rejected": 8,
    }
    found = values(telemetry)
    assert {name: found[name] for name in expected} == expected
    engine.depth, stats.redis = 0, "down"
    found = values(telemetry)
    assert (found["iiae_queue_items"], found["iiae_redis_up"]) == (0, 0)
