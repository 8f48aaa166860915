"""All scenarios, by the name on the command line."""

from collections.abc import Callable

from benchmarks.chaos.report import Row
from benchmarks.chaos.scenarios import kill9, locked_gallery, overload, redis_faults
from benchmarks.chaos.trial import Trial

SCENARIOS: dict[str, Callable[[Trial], list[Row]]] = {
    "overload": overload.run,
    "locked-gallery": locked_gallery.run,
    "redis-faults": redis_faults.run,
    "kill9": kill9.run,
}
