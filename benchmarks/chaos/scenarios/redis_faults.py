"""Redis is killed, hung, full, or answers nonsense, while requests run."""

import asyncio
import json
import signal
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np

from benchmarks.chaos.load import requests
from benchmarks.chaos.load.connections import ask_in_turn
from benchmarks.chaos.load.generator import closed_loop, percentile
from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.redis_process import RedisProcess
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_tiny

PICTURES = 40
PROMISE = "no request fails, no answer changes"
Right = list[list[float]]
"""The right embedding of each picture."""


def run(trial: Trial) -> list[Row]:
    """Send requests in each state of Redis, and compare the answers with those of a service without Redis."""
    home = trial.home()
    publish_tiny(home)
    bodies = [requests.form("/embed", {"image": png(seed)}, {"model": "tiny"}) for seed in range(PICTURES)]
    with Server(home) as alone:
        right = right_answers(alone.ready(), bodies)
    redis = RedisProcess(trial.folder)
    try:
        # without a memory cache, every request asks Redis
        with Server(home, IIAE_REDIS_URL=redis.url, IIAE_CACHE_MB="0") as server:
            server.ready()
            rows = [load(trial, "Redis works", server, bodies, right)]
            redis.client.config_set("maxmemory", "1mb")
            redis.client.config_set("maxmemory-policy", "noeviction")
            redis.client.flushall()
            rows.append(load(trial, "Redis is full", server, bodies, right))
            redis.signal(signal.SIGSTOP)
            rows.append(load(trial, "Redis hangs (SIGSTOP)", server, bodies, right))
            redis.signal(signal.SIGCONT)
            redis.kill()
            rows.append(load(trial, "Redis is killed", server, bodies, right))
            redis.start()
            rows.append(load(trial, "Redis is back", server, bodies, right))
    finally:
        redis.kill()
    with (
        lying_redis() as url,
        Server(home, IIAE_REDIS_URL=url, IIAE_CACHE_MB="0") as server,
    ):
        rows.append(load(trial, "Redis answers nonsense", server.ready(), bodies, right))
    return rows


def right_answers(server: Server, bodies: list[bytes]) -> Right:
    """Return the embeddings of all pictures."""
    answers = asyncio.run(ask_in_turn(server.port, bodies))
    return [json.loads(answer.body)["values"] for answer in answers]


def load(trial: Trial, name: str, server: Server, bodies: list[bytes], right: Right) -> Row:
    """Send requests for some seconds and judge the answers."""
    outcomes = asyncio.run(
        closed_loop(server.port, lambda number: bodies[number % PICTURES], 4, trial.seconds / 4)
    )
    wrong = sum(
        each.status == 200
        and not np.allclose(json.loads(each.answer.body)["values"], right[each.number % PICTURES], atol=1e-2)
        for each in outcomes
    )
    statuses = [each.status for each in outcomes]
    latencies = [each.latency for each in outcomes]
    return Row(
        name,
        PROMISE,
        f"{counts(statuses)}; {wrong} wrong; p99 {1000 * percentile(latencies, 99):.0f} ms",
        set(statuses) == {200} and wrong == 0,
    )


class _Liar(socketserver.StreamRequestHandler):
    """Answers each line with bytes that are valid for Redis' protocol but make no sense."""

    def handle(self) -> None:
        replies = (
            b"$5\r\nwrong\r\n",
            b":-7\r\n",
            b"*2\r\n$1\r\na\r\n$-1\r\n",
            b"+OK\r\n",
            b"-LOADING no\r\n",
        )
        with suppress(OSError):  # the service hangs up
            for number, _ in enumerate(self.rfile):
                self.wfile.write(replies[number % len(replies)])


@contextmanager
def lying_redis() -> Iterator[str]:
    """Run a server that lies, and yield its URL."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Liar) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        finally:
            server.shutdown()
            thread.join()
