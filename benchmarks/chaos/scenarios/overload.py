"""Overload: searches arrive at two and five times the rate that the service can answer."""

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
CLIENTS = (1, 2, 4, 8, 16)
FACTORS = (2, 5)
SKETCH = Path(__file__).parents[3] / "docs" / "umbrella.png"


def run(trial: Trial) -> list[Row]:
    """Find the best goodput with closed loops, then send at multiples of it."""
    with Server(trial.home(), shipped_defaults=True) as server:
        server.ready()
        server.client.post("/galleries", json={"name": "g", "model": "sketchy"}).raise_for_status()
        photos = [("image", png(seed)) for seed in range(16)]
        server.client.post("/galleries/g/photos", files=photos).raise_for_status()
        search = NewSketches()
        best = 0.0
        clients = CLIENTS if trial.seconds >= 10 else CLIENTS[2:3]
        for count in clients:
            outcomes = uvloop.run(closed_loop(server.port, search.next(), count, trial.seconds / 2))
            best = max(best, goodput(outcomes, trial.seconds / 2))
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
