"""A gallery is backed up while it is written to, and put back: docker/backup.py and the commands of docs/deploy.md."""

import os
import sqlite3
import subprocess
import sys
import tarfile
import threading
from io import BytesIO
from pathlib import Path

import pytest
from serving import Server, png, publish_sketch

SCRIPT = Path(__file__).parents[2] / "docker" / "backup.py"


def backup(home: Path, name: str) -> subprocess.CompletedProcess[bytes]:
    with SCRIPT.open("rb") as script:
        return subprocess.run(
            [sys.executable, "-", name],
            stdin=script,
            env={**os.environ, "IIAE_HOME": str(home)},
            capture_output=True,
            timeout=60,
        )


def put_back(home: Path, archive: bytes) -> None:
    beside = home / "galleries" / ".restored"
    beside.mkdir()
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        tar.extractall(beside, filter="data")
    for folder in beside.iterdir():
        folder.rename(home / "galleries" / folder.name)
    beside.rmdir()


@pytest.fixture
def server(tmp_path):
    publish_sketch(tmp_path)
    running = Server(tmp_path).ready()
    running.client.post("/galleries", json={"name": "g", "model": "drawn"}).raise_for_status()
    yield running
    running.stop()


def test_what_was_acknowledged_before_is_in_it_while_more_is_added(tmp_path, server):
    acknowledged: dict[int, bytes] = {}
    enough, done = threading.Event(), threading.Event()

    def keep_adding() -> None:
        for seed in range(10_000):
            if done.is_set():
                return
            answer = server.client.post("/galleries/g/photos", files={"image": png(seed)})
            acknowledged[answer.json()["photos"][0]["id"]] = png(seed)
            if seed == 20:
                enough.set()

    adder = threading.Thread(target=keep_adding)
    adder.start()
    assert enough.wait(60)
    before = dict(acknowledged)
    made = backup(tmp_path, "g")
    done.set()
    adder.join()
    assert made.returncode == 0, made.stderr
    assert len(acknowledged) > len(before)  # it was written to meanwhile
    assert not list((tmp_path / "galleries").glob(".backup-*"))

    server.client.delete("/galleries/g").raise_for_status()
    put_back(tmp_path, made.stdout)
    kept = server.client.get("/galleries/g/photos", params={"limit": 1000}).json()["photos"]
    assert {photo["id"] for photo in kept} >= set(before)
    for photo in kept:
        assert server.client.get(photo["url"]).content == acknowledged[photo["id"]]
    for identity in list(before)[:3]:
        found = server.client.post(
            "/retrieve", files={"image": before[identity]}, data={"gallery": "g", "source": "photo", "k": "1"}
        ).json()
        assert found["hits"][0]["id"] == identity
    database = sqlite3.connect(tmp_path / "galleries" / "g" / "gallery.sqlite")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


def test_the_rows_come_last_so_that_half_an_archive_is_no_gallery(tmp_path, server):
    server.client.post("/galleries/g/photos", files={"image": png()}).raise_for_status()
    with tarfile.open(fileobj=BytesIO(backup(tmp_path, "g").stdout)) as tar:
        names = tar.getnames()
    assert names[-1] == "g/gallery.sqlite"
    assert [name.split("/")[1] for name in names[:-1]] == ["thumbnails", "photos"]


def test_there_must_be_a_gallery(tmp_path):
    made = backup(tmp_path, "none")
    assert made.returncode == 1
    assert b"there is no gallery 'none'" in made.stderr
    assert made.stdout == b""
