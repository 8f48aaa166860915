"""Requests that are small or legal in size, but costly to parse. `benchmarks/chaos/bodies.py` lists them."""

from benchmarks.chaos.bodies import HOSTILE
from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.loop_lag import attack
from benchmarks.shared.server_process import Server

PAUSE = 0.05
"""Longest time that a callback may block the event loop, in seconds."""
WITHIN = 60
SHORT = 7
"""A short trial sends every seventh request."""


def run(trial: Trial) -> list[Row]:
    """Send each request, and read from the service's metrics how long its event loop was blocked."""
    step = SHORT if trial.short else 1
    attacks = HOSTILE[trial.seed % step :: step]
    with Server(trial.home()) as server:
        server.ready()  # until then, calls are answered without parsing them
        outcomes = [(each.name, attack(server, each, WITHIN)) for each in attacks]
    statuses = [outcome.status or 0 for _, outcome in outcomes]
    worst, blocked = max(
        ((name, outcome.lag.blocked) for name, outcome in outcomes), key=lambda pair: pair[1]
    )
    slowest = max(outcome.seconds for _, outcome in outcomes)
    name = f"{len(attacks)} requests that are costly to parse"
    return [
        Row(
            name,
            "each is answered or cut off: no 5xx",
            f"{counts(statuses)}; slowest {slowest:.1f} s",
            max(statuses) < 500,
        ),
        Row(
            name,
            f"none blocks the event loop for more than {1000 * PAUSE:.0f} ms",
            f"at most {1000 * blocked:.0f} ms ({worst})",
            trial.within(blocked, PAUSE),
        ),
    ]
