"""SIGKILL while photos are added and removed and the gallery is re-embedded, many times."""

import random
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx

from benchmarks.chaos.report import Row
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_sketch

GALLERY = "/galleries/g"
FEWEST_KILLS = 4


@dataclass
class Ledger:
    """What the server has acknowledged.

    Args:
        photos: seed of the picture of each photo that was added and not asked to be removed.
        removed: ids of photos whose removal was acknowledged.
        reindexes: number of reindexes that were started.
    """

    photos: dict[int, int] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    reindexes: int = 0
    seeds: "count[int]" = field(default_factory=count)


def run(trial: Trial) -> list[Row]:
    """Kill the server once a second of the trial, then look for every photo."""
    home, kills, rng = trial.home(), max(FEWEST_KILLS, int(trial.seconds)), random.Random(trial.seed)
    publish_sketch(home)
    ledger = Ledger()
    for kill in range(kills):
        with Server(home) as server:
            server.ready()
            if kill == 0:
                server.client.post("/galleries", json={"name": "g", "model": "drawn"}).raise_for_status()
            work_until_killed(server, ledger, after=rng.uniform(0.1, 1.0), seed=trial.seed + kill)
    with Server(home) as server:
        lost, returned, missed = audit(server.ready(), ledger)
    integrity = check_integrity(home)
    name = f"kill −9, {kills} times, while adding, removing, re-embedding"
    work = (
        f"{len(ledger.photos):,} kept, {len(ledger.removed):,} removed, {ledger.reindexes} reindexes started"
    )
    busy = bool(ledger.photos and ledger.removed and ledger.reindexes)
    return [
        Row(name, "no acknowledged photo is lost or changed", f"{lost} lost; {work}", busy and not lost),
        Row(name, "no removed photo comes back", f"{returned} came back", not returned),
        Row(name, "a search with a photo finds it first", f"{missed} not found", not missed),
        Row(name, "SQLite's integrity check passes", integrity, integrity == "ok"),
    ]


def work_until_killed(server: Server, ledger: Ledger, after: float, seed: int) -> None:
    """Add, remove and re-embed in four threads, and kill the server some seconds after the first photos."""
    rng = random.Random(seed)
    jobs: list[Callable[[httpx.Client], None]] = [
        lambda client: add(client, ledger),
        lambda client: add(client, ledger),
        lambda client: remove(client, ledger, rng),
        lambda client: reindex(client, ledger),
    ]
    threads = [threading.Thread(target=repeat, args=(server.url, job)) for job in jobs]
    before, until = len(ledger.photos), time.monotonic() + 20
    for thread in threads:
        thread.start()
    while len(ledger.photos) < before + 3 and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(after)
    server.process.send_signal(signal.SIGKILL)
    for thread in threads:
        thread.join()
    server.process.wait()


def repeat(url: str, job: Callable[[httpx.Client], None]) -> None:
    """Repeat a job until the server is gone."""
    with httpx.Client(base_url=url, timeout=30) as client:
        try:
            while True:
                job(client)
        except httpx.TransportError:
            return


def add(client: httpx.Client, ledger: Ledger) -> None:
    """Add one photo."""
    seed = next(ledger.seeds)
    answer = client.post(f"{GALLERY}/photos", files={"image": png(seed)})
    if answer.status_code == 201:
        ledger.photos[answer.json()["photos"][0]["id"]] = seed


def remove(client: httpx.Client, ledger: Ledger, rng: random.Random) -> None:
    """Remove one photo. Before the answer nobody can know whether it is there."""
    time.sleep(0.1)
    client.get("/health/live")  # raises when the server is gone
    if len(ledger.photos) < 3:
        return
    photo_id = rng.choice(list(ledger.photos))
    del ledger.photos[photo_id]
    if client.delete(f"{GALLERY}/photos/{photo_id}").status_code == 204:
        ledger.removed.add(photo_id)


def reindex(client: httpx.Client, ledger: Ledger) -> None:
    """Start to re-embed the gallery, if no reindex runs."""
    time.sleep(0.05)
    if client.post(f"{GALLERY}/reindex", json={"model": "drawn", "anew": True}).status_code == 202:
        ledger.reindexes += 1


def audit(server: Server, ledger: Ledger) -> tuple[int, int, int]:
    """Return the photos that are lost or changed, that came back, and that a search does not find first."""
    client, lost, missed = server.client, 0, 0
    for photo_id, seed in ledger.photos.items():
        lost += client.get(f"{GALLERY}/photos/{photo_id}").content != png(seed)
        fields = {"gallery": "g", "source": "photo", "k": "1"}
        answer = client.post("/retrieve", files={"image": png(seed)}, data=fields)
        hits = answer.json().get("hits", [])
        missed += not hits or hits[0]["id"] != photo_id
    returned = sum(
        client.get(f"{GALLERY}/photos/{photo_id}").status_code != 404 for photo_id in ledger.removed
    )
    return lost, returned, missed


def check_integrity(home: Path) -> str:
    """Return the result of SQLite's integrity check."""
    connection = sqlite3.connect(home / "galleries" / "g" / "gallery.sqlite")
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()
