"""All scenarios, by the name on the command line."""

from collections.abc import Callable

from benchmarks.chaos.report import Row
from benchmarks.chaos.scenarios import (
    full_disk,
    hot_swap,
    keys,
    kill9,
    locked_gallery,
    overload,
    redis_faults,
    slow_clients,
    stop_signal,
    two_servers,
)
from benchmarks.chaos.trial import Trial

SCENARIOS: dict[str, Callable[[Trial], list[Row]]] = {
    "overload": overload.run,
    "slow-clients": slow_clients.run,
    "locked-gallery": locked_gallery.run,
    "keys": keys.run,
    "redis-faults": redis_faults.run,
    "kill9": kill9.run,
    "full-disk": full_disk.run,
    "two-servers": two_servers.run,
    "hot-swap": hot_swap.run,
    "stop-signal": stop_signal.run,
}
