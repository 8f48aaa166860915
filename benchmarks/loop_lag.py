"""How long hostile requests block the event loop of a service.

    python -m benchmarks.loop_lag [--only TEXT] [--within 60]

`blocked` is the longest slow callback. It is at most the CPU time of the loop's thread, so other load on the
machine hardly changes it. `late` is the longest delay of the loop, whatever its cause.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

from benchmarks.chaos.bodies import HOSTILE, HostileRequest, send
from benchmarks.shared.server_process import Server


@dataclass(frozen=True)
class LoopLag:
    """The longest delays of the event loop since the last scrape, in seconds."""

    blocked: float
    late: float


def scrape(server: Server) -> LoopLag:
    """Read the maxima from the service's metrics, which resets them."""
    families = text_string_to_metric_families(server.client.get("/metrics", timeout=600).text)
    values = {sample.name: sample.value for family in families for sample in family.samples}
    return LoopLag(values["iiae_loop_cpu_max_seconds"], values["iiae_loop_lag_max_seconds"])


@dataclass(frozen=True)
class Outcome:
    """What one hostile request did."""

    status: int | None
    seconds: float
    lag: LoopLag


def attack(server: Server, request: HostileRequest, within: float = 60) -> Outcome:
    """Send one hostile request, and measure the loop until the service answers again."""
    scrape(server)
    began = time.monotonic()
    status = send(request, server.port, within)
    seconds = time.monotonic() - began
    time.sleep(0.1)  # the loop may still work on what it received
    return Outcome(status, seconds, scrape(server))


def main(
    only: Annotated[str, typer.Option(help="Send only requests with this text in their name.")] = "",
    within: Annotated[float, typer.Option(help="Seconds to wait for an answer.")] = 60.0,
) -> None:
    """Print the table."""
    table = Table("request", "status", "seconds", "blocked ms", "late ms")
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        server.live()
        for request in HOSTILE:
            if only in request.name:
                outcome = attack(server, request, within)
                table.add_row(
                    request.name,
                    str(outcome.status),
                    f"{outcome.seconds:.1f}",
                    f"{1000 * outcome.lag.blocked:.0f}",
                    f"{1000 * outcome.lag.late:.0f}",
                )
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
