"""Overload: searches arrive at two and five times the rate that the service can answer.

The best goodput is found with requests that arrive at fixed rates, as in the overload. Clients that wait for
their answers would not show it: after a batch they all send their next requests together, and the service can
answer more of those.
"""

from pathlib import Path

import uvloop

from benchmarks.chaos.load import requests
from benchmarks.chaos.load.generator import Outcome, Requests, closed_loop, goodput, open_loop, percentile
from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server

DEADLINE = 10.0
"""Seconds that the service gives a request by default."""
REFUSED = (429, 503)
CLIENTS = 8
"""Clients of the closed loop whose goodput is the first estimate of the best."""
RATES = (0.9, 1.0, 1.1, 1.2, 1.3)
"""Rates at which the best goodput is looked for, relative to the estimate."""
FACTORS = (2, 5)
SKETCH = Path(__file__).parents[3] / "docs" / "umbrella.png"


def run(trial: Trial) -> list[Row]:
    """Find the best goodput, then send at multiples of it."""
    with Server(trial.home(), shipped_defaults=True) as server:
        server.ready()
        server.client.post("/galleries", json={"name": "g", "model": "sketchy"}).raise_for_status()
        photos = [("image", png(seed)) for seed in range(16)]
        server.client.post("/galleries/g/photos", files=photos).raise_for_status()
        search = NewSketches()
        outcomes = uvloop.run(closed_loop(server.port, search.next(), CLIENTS, trial.seconds / 2))
        estimate = goodput(outcomes, trial.seconds / 2)
        best = 0.0
        for rate in RATES if trial.seconds >= 10 else RATES[1:2]:
            outcomes = uvloop.run(open_loop(server.port, search.next(), rate * estimate, trial.seconds))
            best = max(best, goodput(outcomes, trial.seconds, DEADLINE))
        rows = []
        for factor in FACTORS:
            outcomes = uvloop.run(open_loop(server.port, search.next(), factor * best, trial.seconds))
            rows += judge(trial, factor, best, outcomes)
        return rows


class NewSketches:
    """Searches with sketches that the service has not seen. It must decode and embed each of them."""

    def __init__(self) -> None:
        self._loads = 0
        self._sketch = SKETCH.read_bytes()

    def next(self) -> Requests:
        """Return the requests of the next load."""
        self._loads += 1
        load = self._loads

        def request(number: int) -> bytes:
            sketch = self._sketch + b"%d %d" % (load, number)  # bytes after the picture's end change its hash
            return requests.form("/sbir/search", {"sketch": sketch}, {"gallery": "g", "k": "5"})

        return request


def judge(trial: Trial, factor: int, best: float, outcomes: list[Outcome]) -> list[Row]:
    """Return the rows of one load."""
    name = f"overload, {factor} × {best:.0f} searches/s"
    accepted = [each.latency for each in outcomes if each.status == 200]
    refused = [each.latency for each in outcomes if each.status != 200]
    statuses = [each.status for each in outcomes]
    fraction = goodput(outcomes, trial.seconds, DEADLINE) / best if best else 0.0
    return [
        Row(
            name,
            "every request gets 200, 429 or 503",
            counts(statuses),
            set(statuses) <= {200, *REFUSED} and 200 in statuses,
        ),
        Row(
            name,
            f"accepted requests are answered within {DEADLINE:g} s",
            f"p50 {percentile(accepted, 50):.2f} s, p99 {percentile(accepted, 99):.2f} s,"
            f" longest {max(accepted, default=0):.2f} s",
            trial.within(max(accepted, default=0), DEADLINE),
        ),
        Row(
            name,
            "refusals come within 100 ms (p99)",
            f"p50 {1000 * percentile(refused, 50):.0f} ms, p99 {1000 * percentile(refused, 99):.0f} ms,"
            f" longest {1000 * max(refused, default=0):.0f} ms",
            trial.within(percentile(refused, 99), 0.1),
        ),
        Row(
            name,
            "goodput is at least .95 of the best",
            f"{fraction:.2f} of {best:.1f}/s",
            fraction * trial.patience >= 0.95,
        ),
    ]
