"""A running server while other processes lock galleries, or their disk stalls: the other galleries go on."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from serving import Server, png, publish_sketch

from service.galleries.collection import Galleries
from service.galleries.records import GallerySpec

FAST = 2.0
"""Seconds that a request may take if it does not wait for a locked gallery (the lock of SQLite: 10 s)."""

LOCK_AND_SLEEP = (
    "import sqlite3, sys, time\n"
    "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    "for statement in sys.argv[2:]: connection.execute(statement)\n"
    "print('locked', flush=True)\n"
    "time.sleep(120)\n"
)
WRITER = ("BEGIN EXCLUSIVE",)
"""Others may read the gallery."""
ALONE = ("PRAGMA locking_mode=EXCLUSIVE", "BEGIN EXCLUSIVE")
"""Nobody else may read the gallery either."""


@contextmanager
def locked(folder, *statements: str) -> Iterator[None]:
    """Let another process lock a gallery. It is stopped, so it cannot even notice that others wait."""
    process = subprocess.Popen(
        [sys.executable, "-c", LOCK_AND_SLEEP, str(folder / "gallery.sqlite"), *statements],
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == b"locked\n"
        os.kill(process.pid, signal.SIGSTOP)
        yield
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("locked")


@pytest.fixture(scope="module")
def server(home):
    publish_sketch(home)
    running = Server(home, IIAE_DEADLINE_SECONDS="8").ready()
    for name in ("b", "c"):
        running.client.post("/galleries", json={"name": name, "model": "drawn"}).raise_for_status()
        files = [("image", png(seed)) for seed in range(3)]
        running.client.post(f"/galleries/{name}/photos", files=files).raise_for_status()
    yield running
    running.stop()


@pytest.fixture
def unopened(home, server):
    """The folder of a gallery, `a`, that the server has not opened yet."""
    galleries = home / "galleries"
    # The server keeps its galleries open, and SQLite gives no exclusive lock then.
    with sqlite3.connect(galleries / "b" / "gallery.sqlite") as connection:
        spec = dict(connection.execute("SELECT key, value FROM meta"))
    connection.close()
    fields = {name: spec[name] for name in ("model", "digest", "domain", "distance")}
    opener = Galleries(galleries)
    opener.create("a", GallerySpec(dim=int(spec["dim"]), **fields))
    opener.close()
    yield galleries / "a"
    server.client.delete("/galleries/a")


def search(client: httpx.Client, gallery: str | None) -> tuple[httpx.Response, float]:
    began = time.monotonic()
    answer = client.post(
        "/sbir/search", files={"sketch": png(7)}, data={} if gallery is None else {"gallery": gallery}
    )
    return answer, time.monotonic() - began


def test_a_gallery_that_nobody_can_read_does_not_stop_searches_of_others(server, unopened):
    search(server.client, "b")
    with locked(unopened, *ALONE):
        waiting = [
            subprocess.Popen(
                ["curl", "-s", "-o", "/dev/null", f"{server.url}/galleries/a"], stdout=subprocess.DEVNULL
            )
            for _ in range(12)
        ]
        for _ in range(4):
            answer, seconds = search(server.client, "b")
            assert answer.status_code == 200, answer.text
            assert seconds < FAST
        answer, seconds = search(server.client, None)
        assert (answer.status_code, answer.json()["gallery"]) == (200, "b")
        assert seconds < FAST + 0.5
        for process in waiting:
            process.wait(30)
        answer, seconds = search(server.client, "a")
        assert (answer.status_code, answer.json()["code"]) == (503, "gallery_busy")
        assert int(answer.headers["retry-after"]) > 0
        assert "'a'" in answer.json()["detail"] and seconds < 5
        listing = server.client.get("/galleries").json()
        assert [each["name"] for each in listing["galleries"]] == ["b", "c"]
        assert [each["name"] for each in listing["unavailable"]] == ["a"]
        assert listing["damaged"] == []
        assert server.client.get("/health/ready").status_code == 200
    answer, _ = search(server.client, "a")
    assert answer.status_code == 200, answer.text
    assert server.client.get("/galleries").json()["unavailable"] == []


def test_a_stopped_writer_delays_only_changes_of_its_own_gallery(home, server):
    with locked(home / "galleries" / "b", *WRITER):
        began = time.monotonic()
        answer = server.client.post("/galleries/b/photos", files={"image": png(50)})
        assert (answer.status_code, answer.json()["code"]) == (503, "gallery_busy"), answer.text
        assert time.monotonic() - began < 6
        answer = server.client.delete("/galleries/b")
        assert (answer.status_code, answer.json()["code"]) == (503, "gallery_busy")
        answer, seconds = search(server.client, "b")
        assert answer.status_code == 200 and seconds < FAST
        began = time.monotonic()
        server.client.post("/galleries/c/photos", files={"image": png(51)}).raise_for_status()
        assert time.monotonic() - began < FAST
    server.client.post("/galleries/b/photos", files={"image": png(50)}).raise_for_status()
    pools = [line for line in server.client.get("/metrics").text.splitlines() if "iiae_pool_running{" in line]
    assert {line.split()[1] for line in pools} == {"0.0"} or 'pool="opening"} 1.0' in "".join(pools)
    shown = set(re.findall(r'pool="(\w+)"', "".join(pools)))
    assert {"embedding", "decoding", "encoding"} <= shown
