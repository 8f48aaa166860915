"""Load: closed loops (each client waits for its answer) and open loops (requests come at a fixed rate)."""

import asyncio
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from benchmarks.chaos.load.connections import NO_ANSWER, Answer, Connections

Requests = Callable[[int], bytes]
"""Returns the request with a number. Numbers count from 0 in one load."""
TICK = 0.01
"""Seconds between two moments at which an open loop sends requests."""
ANSWERED_WITHIN = 120.0
"""Seconds after the last request in which all must be answered."""


@dataclass(frozen=True)
class Outcome:
    """What became of one request.

    Args:
        number: the request's number in its load.
        status: status of the answer; 0 if the connection was lost.
        started: when it was to be sent, in seconds since the start of the load.
        latency: seconds from then to the end of the answer. A late load generator makes it longer.
        answer: the answer.
    """

    number: int
    status: int
    started: float
    latency: float
    answer: Answer

    @property
    def ended(self) -> float:
        """Return when the answer was complete, in seconds since the start of the load."""
        return self.started + self.latency


async def closed_loop(port: int, requests: Requests, clients: int, seconds: float) -> list[Outcome]:
    """Send requests for some seconds. Each client sends the next request after its last answer."""
    loop, connections, outcomes = asyncio.get_running_loop(), Connections(port), list[Outcome]()
    start, sent = loop.time(), 0

    async def client() -> None:
        nonlocal sent
        while (started := loop.time() - start) < seconds:
            number, sent = sent, sent + 1
            answer = await connections.ask(requests(number))
            if not answer.status:
                await asyncio.sleep(0.01)  # a dead server must not make a busy loop
            outcomes.append(Outcome(number, answer.status, started, loop.time() - start - started, answer))

    await asyncio.gather(*(client() for _ in range(clients)))
    connections.close()
    return outcomes


def arrivals(rate: float, seconds: float, start: float = 0.0) -> list[float]:
    """Return when requests are to be sent at a fixed rate, in seconds since the start of the load."""
    return [start + number / rate for number in range(int(rate * seconds))]


async def open_loop(port: int, requests: Requests, times: Sequence[float]) -> list[Outcome]:
    """Send requests at given times, however many answers are missing. Wait for all, at most two minutes.

    The load takes cores from the server, so a request costs little: it is built before, has no task, and is
    sent together with others of the same `TICK`. Its latency counts from its own time.

    Args:
        times: when each request is sent, in seconds since the start of the load, in order.
    """
    loop, connections, outcomes = asyncio.get_running_loop(), Connections(port), dict[int, Outcome]()
    built = [requests(number) for number in range(len(times))]
    start, complete = loop.time(), asyncio.Event()

    def record(number: int, answer: Answer) -> None:
        latency = loop.time() - start - times[number]
        outcomes[number] = Outcome(number, answer.status, times[number], latency, answer)
        if len(outcomes) == len(times):
            complete.set()

    for number, due in enumerate(times):
        if (now := loop.time() - start) < due:
            await asyncio.sleep(math.ceil(due / TICK) * TICK - now)
        connections.send(built[number], partial(record, number))
    if times:
        with suppress(TimeoutError):
            await asyncio.wait_for(complete.wait(), ANSWERED_WITHIN)
    for number in range(len(times)):
        if number not in outcomes:
            record(number, NO_ANSWER)
    connections.close()
    return list(outcomes.values())


def goodput(outcomes: Sequence[Outcome], begin: float, end: float, deadline: float = math.inf) -> float:
    """Return the good answers per second that arrived between two times, in seconds since the start.

    An answer is good if its status is 200 and it arrived before the deadline.
    """
    good = [
        each
        for each in outcomes
        if each.status == 200 and each.latency <= deadline and begin <= each.ended < end
    ]
    return len(good) / (end - begin)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile: the smallest value that is at least as large as this part of all. 0 if none."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)] if ranked else 0.0
