"""Admission in a simulated server under overload: it wastes no time, and few answers are late.

The simulation has its own clock. So it can run minutes of many kinds of load, and it never depends on the
speed of the machine.
"""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest

from service.errors import Overloaded
from service.inference import admission
from service.inference.admission import HEADROOM, AdmissionControl, Ticket

MEAN = 0.05
"""Seconds of a unit."""
DEADLINE = 10.0


@dataclass(frozen=True, kw_only=True)
class Load:
    """Requests that arrive at random.

    Args:
        overload: requests that arrive, divided by the requests that the server can answer.
        cached: share of requests that need no work.
        heavy: share of requests that need `heavy_units` units.
        own_operation: whether heavy requests are an operation of their own. Then the server must learn that
            they cost more.
        batch: largest batch. A batch costs less than its requests alone.
        mean: seconds of a unit.
        slower: how many times as long a unit takes in the second half of the simulation.
    """

    overload: float
    cached: float = 0
    heavy: float = 0
    heavy_units: int = 8
    own_operation: bool = False
    batch: int = 1
    mean: float = MEAN
    slower: float = 1


@dataclass(eq=False)
class Job:
    ticket: Ticket
    arrived: float
    seconds: float
    ended: bool = False


@dataclass
class Result:
    busy: float = 0
    late: int = 0
    refused: int = 0
    durations: list[float] = field(default_factory=list)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(admission, "monotonic", clock)
    return clock


def simulate(load: Load, clock: Clock, *, seconds: float = 100) -> Result:
    """Run a server that answers one batch after the other, in order of arrival."""
    rng, control, result = random.Random(0), AdmissionControl(), Result()
    events: list[tuple[float, int, str, object]] = []
    numbers, waiting, busy = count(), list[Job](), False
    unit = 1 - load.heavy + load.heavy * load.heavy_units
    rate = load.overload / (load.mean * unit * (1 - load.cached))

    def at(time: float, kind: str, subject: object = None) -> None:
        heapq.heappush(events, (time, next(numbers), kind, subject))

    def start_batch() -> bool:
        batch = [job for job in waiting if not job.ended][: load.batch]
        waiting[:] = [job for job in waiting if not job.ended][load.batch :]
        if not batch:
            return False
        alone = sum(job.seconds for job in batch)
        took = alone if load.batch == 1 else 0.4 * load.mean + 0.6 * alone
        result.busy += took
        at(clock.now + took, "done", batch)
        return True

    at(0, "arrive")
    while events and events[0][0] < seconds:
        clock.now, _, kind, subject = heapq.heappop(events)
        if kind == "arrive":
            at(clock.now + rng.expovariate(rate), "arrive")
            heavy = rng.random() < load.heavy
            operation = "heavy" if heavy and load.own_operation else "light"
            try:
                control.check(operation, DEADLINE)
            except Overloaded:
                result.refused += 1
                continue
            ticket = control.enter(operation)
            if rng.random() < load.cached:
                control.leave(ticket, answered=True)
                continue
            units = load.heavy_units if heavy else 1
            control.add_work(ticket, 1 if load.own_operation else units)
            mean = load.mean * (load.slower if clock.now > seconds / 2 else 1)
            job = Job(ticket, clock.now, units * mean * rng.lognormvariate(0, 0.5) / 1.133)
            waiting.append(job)
            at(clock.now + DEADLINE, "expire", job)
            busy = busy or start_batch()
        elif kind == "expire":
            assert isinstance(subject, Job)
            if not subject.ended:
                subject.ended = True
                control.leave(subject.ticket, answered=False)
                result.late += 1
        else:
            assert isinstance(subject, list)
            for job in subject:
                if not job.ended:
                    job.ended = True
                    control.leave(job.ticket, answered=True)
                    result.durations.append(clock.now - job.arrived)
            busy = start_batch()
    result.busy /= seconds
    return result


@pytest.mark.parametrize("overload", [2, 5])
@pytest.mark.parametrize(
    "load",
    [
        {},
        {"cached": 0.9},
        {"heavy": 0.1},
        {"heavy": 0.1, "own_operation": True},
        {"batch": 32, "heavy": 0.1, "own_operation": True},
    ],
    ids=str,
)
def test_overload_wastes_no_time_and_few_answers_are_late(
    load: dict[str, float], overload: float, clock: Clock
) -> None:
    result = simulate(Load(overload=overload, **load), clock)  # type: ignore[arg-type]
    assert result.busy > 0.98
    assert result.late <= 0.05 * len(result.durations)
    assert result.refused > 0


@pytest.mark.parametrize("load", [{"mean": 0.5}, {"slower": 8}], ids=str)
def test_costs_that_were_wrong_are_corrected_within_one_backlog(load: dict[str, float], clock: Clock) -> None:
    result = simulate(Load(overload=5, **load), clock)  # type: ignore[arg-type]
    assert result.busy > 0.9
    assert result.late < 1.5 * HEADROOM * DEADLINE / MEAN


@pytest.mark.parametrize("load", [{}, {"heavy": 0.1}, {"cached": 0.5}], ids=str)
def test_no_request_is_refused_below_the_capacity(load: dict[str, float], clock: Clock) -> None:
    result = simulate(Load(overload=0.7, **load), clock)  # type: ignore[arg-type]
    assert (result.refused, result.late) == (0, 0)
