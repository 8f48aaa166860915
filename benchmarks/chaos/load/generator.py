"""Load: closed loops (each client waits for its answer) and open loops (requests come at a fixed rate)."""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.chaos.load.connections import Answer, Connections

Requests = Callable[[int], bytes]
"""Returns the request with a number. Numbers count from 0 in one load."""


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


async def open_loop(port: int, requests: Requests, rate: float, seconds: float) -> list[Outcome]:
    """Send requests at a fixed rate for some seconds, however many answers are missing. Wait for all."""
    loop, connections, outcomes = asyncio.get_running_loop(), Connections(port), list[Outcome]()
    built = [requests(number) for number in range(int(rate * seconds))]  # building them takes time
    start = loop.time()

    async def send(number: int, due: float) -> None:
        answer = await connections.ask(built[number])
        outcomes.append(Outcome(number, answer.status, due, loop.time() - start - due, answer))

    async with asyncio.TaskGroup() as tasks:
        for number in range(len(built)):
            due = number / rate
            await asyncio.sleep(start + due - loop.time())
            tasks.create_task(send(number, due))
    connections.close()
    return outcomes


def goodput(outcomes: Sequence[Outcome], seconds: float, deadline: float = math.inf) -> float:
    """Return the good answers per second that arrived in the last four fifths of a load.

    An answer is good if its status is 200 and it arrived before the deadline. The first fifth warms up.
    """
    good = [
        each
        for each in outcomes
        if each.status == 200 and each.latency <= deadline and seconds / 5 <= each.ended <= seconds
    ]
    return len(good) / (0.8 * seconds)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile: the smallest value that is at least as large as this part of all. 0 if none."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)] if ranked else 0.0
