"""Overload: searches arrive at two and five times the rate that the service can answer.

The best goodput is that of requests that arrive at a fixed rate, as in the overload. Clients that wait for
their answers would not show it: after a batch they all send their next requests together, and the service can
answer more of those.

First the best of a few rates is found. The highest of some noisy figures is too high on average, so the
goodput at that rate is measured again, in turn with the overload. A slow minute then meets both.
"""

from pathlib import Path
from statistics import mean

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
ROUNDS = 3
"""How often the best rate and the overload are measured in turn."""
SKETCH = Path(__file__).parents[3] / "docs" / "umbrella.png"


def run(trial: Trial) -> list[Row]:
    """Find the best goodput, then send at multiples of it."""
    with Server(trial.home(), shipped_defaults=True) as server:
        server.ready()
        server.client.post("/galleries", json={"name": "g", "model": "sketchy"}).raise_for_status()
        photos = [("image", png(seed)) for seed in range(16)]
        server.client.post("/galleries/g/photos", files=photos).raise_for_status()
        port, seconds, search = server.port, trial.seconds, NewSketches()
        estimate = goodput(uvloop.run(closed_loop(port, search.next(), CLIENTS, seconds / 2)), seconds / 2)

        def load(rate: float) -> list[Outcome]:
            return uvloop.run(open_loop(port, search.next(), rate, seconds))

        rates = [estimate * each for each in (RATES if trial.seconds >= 10 else RATES[1:2])]
        best_rate = max(rates, key=lambda rate: goodput(load(rate), seconds, DEADLINE))
        rounds = ROUNDS if trial.seconds >= 10 else 1
        at_best, overloads = list[list[Outcome]](), {factor: list[list[Outcome]]() for factor in FACTORS}
        for _ in range(rounds):
            at_best.append(load(best_rate))
            best = mean(goodput(outcomes, seconds, DEADLINE) for outcomes in at_best)
            for factor, measured in overloads.items():
                measured.append(load(factor * best))
        return [
            row
            for factor, measured in overloads.items()
            for row in judge(trial, f"overload, {factor} × {best:.0f} searches/s", best, measured)
        ]


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


def judge(trial: Trial, name: str, best: float, rounds: list[list[Outcome]]) -> list[Row]:
    """Return the rows of one overload, from all its rounds."""
    outcomes = [each for outcomes in rounds for each in outcomes]
    accepted = [each.latency for each in outcomes if each.status == 200]
    refused = [each.latency for each in outcomes if each.status != 200]
    statuses = [each.status for each in outcomes]
    fractions = [goodput(each, trial.seconds, DEADLINE) / best if best else 0.0 for each in rounds]
    fraction = mean(fractions)
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
            f"{fraction:.2f} of {best:.1f}/s (rounds: {', '.join(f'{each:.2f}' for each in fractions)})",
            fraction * trial.patience >= 0.95,
        ),
    ]
