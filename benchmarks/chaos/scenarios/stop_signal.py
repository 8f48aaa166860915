"""SIGTERM while requests run."""

import asyncio
import signal
import time
from dataclasses import dataclass

from benchmarks.chaos.load import requests
from benchmarks.chaos.load.connections import Connections
from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server

CLIENTS = 12
DELAY = "1"
"""Seconds between the signal and the closing of the port: long enough for several probes."""
IN_FLIGHT_FOR = 0.1
"""Requests sent this long before the signal have surely arrived."""


@dataclass(frozen=True)
class Sent:
    """One request: when it was sent and answered, and the status."""

    sent: float
    ended: float
    status: int


def run(trial: Trial) -> list[Row]:
    """Stop a server under load, several times."""
    stops = max(1, int(trial.seconds / 7))
    in_flight, statuses, ready_statuses = list[Sent](), list[int](), list[int]()
    for number in range(stops):
        with Server(trial.home(f"home-{number}"), IIAE_SHUTDOWN_DELAY_SECONDS=DELAY) as server:
            server.ready()
            sent, ready, stopped_at = asyncio.run(stop_under_load(server, 0.5 + 0.3 * number))
            statuses.append(server.process.wait(30))
        in_flight += [
            each for each in sent if each.sent < stopped_at - IN_FLIGHT_FOR and each.ended > stopped_at
        ]
        ready_statuses += ready
    name = f"SIGTERM under load, {stops} times" if stops > 1 else "SIGTERM under load"
    longest = max((each.ended - each.sent for each in in_flight), default=0)
    return [
        Row(
            name,
            "requests in flight finish",
            f"{counts(each.status for each in in_flight)}; longest {longest:.2f} s",
            bool(in_flight) and {each.status for each in in_flight} == {200},
        ),
        Row(name, "exit status 0", f"{sorted(set(statuses))}", set(statuses) == {0}),
        Row(
            name,
            "readiness is 503 before the port closes",
            counts(ready_statuses),
            ready_statuses.count(503) >= stops,
        ),
    ]


async def stop_under_load(server: Server, after: float) -> tuple[list[Sent], list[int], float]:
    """Send SIGTERM after some seconds under load.

    Returns:
        All requests, the statuses of `/health/ready` after the signal, and when the signal was sent.
    """
    sent, ready = list[Sent](), list[int]()

    async def client(number: int) -> None:
        connections, count, status = Connections(server.port), 0, 200
        while status:
            fields = {"model": "facades", "samples": "16"}
            body = requests.form("/translate", {"image": png(100 * number + count, 128)}, fields)
            count, started = count + 1, time.monotonic()
            status = (await connections.ask(body, timeout=30)).status
            sent.append(Sent(started, time.monotonic(), status))
        connections.close()

    clients = [asyncio.create_task(client(number)) for number in range(CLIENTS)]
    await asyncio.sleep(after)
    stopped_at = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    while server.process.poll() is None:
        connections = Connections(server.port)
        ready.append((await connections.ask(requests.get("/health/ready"), timeout=5)).status)
        connections.close()
        await asyncio.sleep(0.01)
    await asyncio.gather(*clients)
    return sent, [status for status in ready if status], stopped_at
