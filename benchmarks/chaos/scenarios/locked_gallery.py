"""Another process holds the lock of one gallery, while clients add to it and search in another."""

import asyncio
import sqlite3

from benchmarks.chaos.load import requests
from benchmarks.chaos.load.generator import Outcome, closed_loop, percentile
from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_sketch

WRITERS = 40


def run(trial: Trial) -> list[Row]:
    """Lock the gallery `locked`, write to it with many clients, and search in `free`."""
    home = trial.home()
    publish_sketch(home)
    with Server(home) as server:
        server.ready()
        for name in ("locked", "free"):
            server.client.post("/galleries", json={"name": name, "model": "drawn"}).raise_for_status()
            photos = [("image", png(seed)) for seed in range(8)]
            server.client.post(f"/galleries/{name}/photos", files=photos).raise_for_status()
        lock = sqlite3.connect(home / "galleries" / "locked" / "gallery.sqlite", isolation_level=None)
        try:
            alone = asyncio.run(searches(server.port, trial.seconds / 4))
            lock.execute("BEGIN IMMEDIATE")
            writes, beside = asyncio.run(write_and_search(server.port, trial.seconds))
            lock.execute("ROLLBACK")
            afterwards = asyncio.run(closed_loop(server.port, add, 1, trial.seconds / 10))
        finally:
            lock.close()
    refusals = [each.answer for each in writes if each.status != 201]
    named = sum("retry-after" in answer.headers for answer in refusals)
    statuses = [each.status for each in beside]
    usual, slowest = (max(each.latency for each in outcomes) for outcomes in (alone, beside))
    p99 = percentile([each.latency for each in beside], 99)
    return [
        Row(
            "one gallery is locked: its writers",
            "503 with Retry-After",
            f"{counts(each.status for each in writes)}; {named} with Retry-After",
            bool(refusals) and {answer.status for answer in refusals} == {503} and named == len(refusals),
        ),
        Row(
            "one gallery is locked: searches elsewhere",
            "no failure, none waits for the lock (1 s)",
            f"{counts(statuses)}; p99 {p99:.2f} s, longest {slowest:.2f} s ({usual:.2f} s without the lock)",
            set(statuses) == {200} and trial.within(slowest, 1.0),
        ),
        Row(
            "one gallery was locked: its writers afterwards",
            "they write again",
            counts(each.status for each in afterwards),
            {each.status for each in afterwards} == {201},
        ),
    ]


def search(number: int) -> bytes:
    """Return a search in the free gallery."""
    fields = {"gallery": "free", "source": "photo", "k": "5"}
    return requests.form("/retrieve", {"image": png(number % 50)}, fields)


def add(number: int) -> bytes:
    """Return a request that adds a new photo to the locked gallery."""
    return requests.form("/galleries/locked/photos", {"image": png(1000 + number)})


async def searches(port: int, seconds: float) -> list[Outcome]:
    """Search for some seconds."""
    return await closed_loop(port, search, clients=2, seconds=seconds)


async def write_and_search(port: int, seconds: float) -> tuple[list[Outcome], list[Outcome]]:
    """Add to the locked gallery with many clients, and search in the other."""
    return await asyncio.gather(closed_loop(port, add, WRITERS, seconds), searches(port, seconds))
