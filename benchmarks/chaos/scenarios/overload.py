"""Overload: searches arrive at two and five times the rate that the service can answer.

One load runs all the time, and its rate changes every few seconds: a little more than the service can answer,
twice its best rate, a little more again, five times its best rate, and so on. So the service's queue is as
long in all steps, and a slow minute of the machine meets all of them.

The best goodput is that at the rate just above the best, where the service is never idle and refuses little.
"""

from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from statistics import mean, stdev

import uvloop

from benchmarks.chaos.load import requests
from benchmarks.chaos.load.generator import (
    Outcome,
    Requests,
    arrivals,
    closed_loop,
    goodput,
    open_loop,
    percentile,
)
from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server

DEADLINE = 10.0
"""Seconds that the service gives a request by default."""
REFUSED = (429, 503)
CLIENTS = 16
"""Clients of the closed loop that estimates the best goodput."""
JUST_ABOVE = 1.2
OVERLOADS = (2, 5)
STEPS = (JUST_ABOVE, 2, JUST_ABOVE, 5)
"""The steps of one round: rates relative to the estimate."""
ROUNDS = 10
SETTLING = 0.15
"""Share of each step that is not measured, because the answers still belong to the step before."""
SKETCH = Path(__file__).parents[3] / "docs" / "umbrella.png"


def run(trial: Trial) -> list[Row]:
    """Estimate the best rate, then send at multiples of it."""
    with Server(trial.home(), shipped_defaults=True) as server:
        server.ready()
        server.client.post("/galleries", json={"name": "g", "model": "sketchy"}).raise_for_status()
        photos = [("image", png(seed)) for seed in range(16)]
        server.client.post("/galleries/g/photos", files=photos).raise_for_status()
        search, seconds = NewSketches(), trial.seconds / 2
        answered = uvloop.run(closed_loop(server.port, search.next(), CLIENTS, seconds))
        estimate = goodput(answered, seconds / 5, seconds)
        rounds, step = (1, trial.seconds) if trial.short else (ROUNDS, trial.seconds / 3)
        steps = Steps([max(OVERLOADS), *STEPS * rounds], step)
        outcomes = uvloop.run(open_loop(server.port, search.next(), steps.times(estimate)))
        best = mean(steps.goodputs(outcomes, JUST_ABOVE))
        return [row for factor in OVERLOADS for row in judge(trial, factor, best, steps, outcomes)]


class Steps:
    """The steps of one load. The first fills the queue, and is not measured.

    Args:
        factors: the rate of each step, relative to the estimated best rate.
        seconds: duration of each step.
    """

    def __init__(self, factors: Sequence[float], seconds: float) -> None:
        self.factors, self.seconds = factors, seconds

    def times(self, estimate: float) -> list[float]:
        """Return when requests are sent, if `estimate` per second is the best rate."""
        steps = enumerate(self.factors)
        return [
            time
            for number, factor in steps
            for time in arrivals(factor * estimate, self.seconds, number * self.seconds)
        ]

    def sent(self, outcomes: Sequence[Outcome], factor: float) -> list[Outcome]:
        """Return what became of the requests that were sent at one rate, without the first step's."""
        return [
            each
            for each in outcomes
            if (number := int(each.started / self.seconds)) and self.factors[number] == factor
        ]

    def goodputs(self, outcomes: Sequence[Outcome], factor: float) -> list[float]:
        """Return the goodput of each step of one rate."""
        return [
            goodput(outcomes, (number + SETTLING) * self.seconds, (number + 1) * self.seconds, DEADLINE)
            for number, each in enumerate(self.factors)
            if number and each == factor
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


def judge(trial: Trial, factor: float, best: float, steps: Steps, outcomes: Sequence[Outcome]) -> list[Row]:
    """Return the rows of one overload, from all its steps."""
    sent = steps.sent(outcomes, factor)
    accepted = [each.latency for each in sent if each.status == 200]
    refused = [each.latency for each in sent if each.status != 200]
    statuses = [each.status for each in sent]
    measured = [each / best if best else 0.0 for each in steps.goodputs(outcomes, factor)]
    fraction, error = mean(measured), standard_error(measured)
    name = f"overload, {factor} × {best:.0f} searches/s"
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
            f"{fraction:.2f} ± {error:.2f} of {best:.1f}/s ({len(measured)} steps of {steps.seconds:.1f} s)",
            fraction * trial.patience >= 0.95,
        ),
    ]


def standard_error(values: Sequence[float]) -> float:
    """Return the standard error of the values' mean; 0 for a single value."""
    return stdev(values) / sqrt(len(values)) if len(values) > 1 else 0.0
