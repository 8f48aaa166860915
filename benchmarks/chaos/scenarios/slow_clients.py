"""Clients that stop reading their answers, and clients that send their uploads very slowly."""

import asyncio
import socket
from contextlib import ExitStack, suppress

from benchmarks.chaos.load import requests
from benchmarks.chaos.load.generator import Outcome, closed_loop, percentile
from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_tiny

STALLED = 48
UPLOAD = 2_000_000
HELD_MB = "64"
"""The stalled uploads together are larger than this."""
IDLE, SHORT_IDLE = 3, 2
"""IIAE_IDLE_SECONDS of the server, and in a short trial."""
PHOTO = 15_000_000
"""Bytes of the photo that slow readers download: more than the buffers of a connection hold."""


def run(trial: Trial) -> list[Row]:
    """Stall many connections, and measure the requests of other clients."""
    home, idle = trial.home(), SHORT_IDLE if trial.short else IDLE
    publish_tiny(home)
    with Server(home, IIAE_IDLE_SECONDS=str(idle), IIAE_HELD_MB=HELD_MB) as server:
        server.ready()
        server.client.post("/galleries", json={"name": "g", "model": "tiny"}).raise_for_status()
        large = {"image": png(0) + bytes(PHOTO)}  # bytes after the picture's end do not matter
        photo = server.client.post("/galleries/g/photos", files=large).raise_for_status().json()["photos"][0]
        rows = readers(trial, server, requests.get(photo["url"]), idle)
        rows += writers(trial, server)
    return rows


def readers(trial: Trial, server: Server, download: bytes, idle: int) -> list[Row]:
    """Start downloads and some uploads, and read nothing."""
    upload = requests.form("/translate", {"image": png(1) + bytes(UPLOAD)}, {"model": "tiny", "samples": "8"})
    seconds = max(trial.seconds / 2, 2 * idle + 2)
    with ExitStack() as sockets:
        stalled = [sockets.enter_context(small_socket(server.port)) for _ in range(STALLED)]
        for number, each in enumerate(stalled):
            with suppress(TimeoutError, ConnectionError):  # the server may refuse an upload early
                each.sendall(download if number % 4 else upload)
        outcomes = asyncio.run(others(server.port, seconds))
        downloads = [each for number, each in enumerate(stalled) if number % 4]
        complete = sum(reads_all(each) for each in downloads)
    return [
        row_of_others(trial, f"{STALLED} clients do not read their answers", outcomes),
        Row(
            f"{STALLED} clients do not read their answers",
            f"they are disconnected after IIAE_IDLE_SECONDS ({idle} s)",
            f"{complete} of {len(downloads)} downloads still open after {seconds:g} s",
            complete == 0,
        ),
    ]


def writers(trial: Trial, server: Server) -> list[Row]:
    """Start uploads, and send the rest one byte at a time."""
    whole = requests.form("/embed", {"image": png(2) + bytes(UPLOAD)}, {"model": "tiny"})
    part, rest = whole[: UPLOAD - 1000], whole[UPLOAD - 1000 :]

    async def drip(seconds: float) -> None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            try:
                writer.write(part)
                for position in range(int(seconds)):
                    await asyncio.sleep(1)
                    writer.write(rest[position : position + 1])
                    await writer.drain()
            finally:
                writer.close()

    async def load() -> list[Outcome]:
        drips = [asyncio.create_task(drip(trial.seconds / 2)) for _ in range(STALLED)]
        await asyncio.sleep(1)  # the uploads are well on their way
        outcomes = await others(server.port, trial.seconds / 2)
        await asyncio.gather(*drips)
        return outcomes

    return [row_of_others(trial, f"{STALLED} clients upload one byte a second", asyncio.run(load()))]


async def others(port: int, seconds: float) -> list[Outcome]:
    """Send small uploads from two other clients."""

    def small(number: int) -> bytes:
        return requests.form("/embed", {"image": png(100 + number)}, {"model": "tiny"})

    return await closed_loop(port, small, clients=2, seconds=seconds)


def row_of_others(trial: Trial, name: str, outcomes: list[Outcome]) -> Row:
    """Return the row of the clients that behave."""
    statuses, p99 = [each.status for each in outcomes], percentile([each.latency for each in outcomes], 99)
    return Row(
        name,
        "requests of others succeed within 1 s (p99)",
        f"{counts(statuses)}; p99 {1000 * p99:.0f} ms",
        set(statuses) == {200} and trial.within(p99, 1.0),
    )


def small_socket(port: int) -> socket.socket:
    """Return a connection with a small receive buffer."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(5)
    connection.connect(("127.0.0.1", port))
    return connection


def reads_all(connection: socket.socket) -> bool:
    """Return whether the whole photo still arrives."""
    size = 0
    with suppress(OSError):
        while part := connection.recv(1 << 20):
            size += len(part)
            if size >= PHOTO:
                return True
    return False
