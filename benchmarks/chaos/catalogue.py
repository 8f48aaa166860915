"""All scenarios, by the name on the command line."""

from collections.abc import Callable

from benchmarks.chaos.report import Row
from benchmarks.chaos.scenarios import (
    busy_neighbour,
    damaged_checkpoints,
    damaged_galleries,
    full_disk,
    hostile_bodies,
    hostile_names,
    hot_swap,
    image_fuzzing,
    keys,
    kill9,
    limits,
    locked_gallery,
    open_door,
    openapi_fuzzing,
    overload,
    redis_faults,
    slow_clients,
    stalled_disk,
    stop_signal,
    two_servers,
)
from benchmarks.chaos.trial import Trial

SCENARIOS: dict[str, Callable[[Trial], list[Row]]] = {
    "overload": overload.run,
    "busy-neighbour": busy_neighbour.run,
    "slow-clients": slow_clients.run,
    "locked-gallery": locked_gallery.run,
    "stalled-disk": stalled_disk.run,
    "keys": keys.run,
    "open-door": open_door.run,
    "limits": limits.run,
    "openapi-fuzzing": openapi_fuzzing.run,
    "hostile-names": hostile_names.run,
    "hostile-bodies": hostile_bodies.run,
    "image-fuzzing": image_fuzzing.run,
    "redis-faults": redis_faults.run,
    "kill9": kill9.run,
    "full-disk": full_disk.run,
    "damaged-galleries": damaged_galleries.run,
    "damaged-checkpoints": damaged_checkpoints.run,
    "two-servers": two_servers.run,
    "hot-swap": hot_swap.run,
    "stop-signal": stop_signal.run,
}
