"""docker/backup.py backs up a gallery while photos are added; the commands of docs/backup.md restore it."""

import os
import re
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time
from io import BytesIO
from pathlib import Path

import pytest
from gallery_photos import new_photo, spec
from serving import Server, png, publish_sketch

from service.galleries.collection import Galleries
from service.galleries.locked_folder import is_locked

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


def restore(home: Path, archive: bytes) -> None:
    """Unpack beside the galleries and rename, as docs/backup.md does."""
    unpacked = home / "galleries" / ".restored"
    unpacked.mkdir()
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        tar.extractall(unpacked, filter="data")
    for folder in unpacked.iterdir():
        folder.rename(home / "galleries" / folder.name)
    unpacked.rmdir()


@pytest.fixture
def server(tmp_path):
    publish_sketch(tmp_path)
    running = Server(tmp_path).ready()
    running.client.post("/galleries", json={"name": "g", "model": "drawn"}).raise_for_status()
    yield running
    running.stop()


def test_backup_during_writes_has_every_photo_acknowledged_before_it(tmp_path, server):
    acknowledged: dict[int, bytes] = {}
    enough, done = threading.Event(), threading.Event()

    def keep_adding() -> None:
        for seed in range(10_000):
            if done.is_set():
                return
            response = server.client.post("/galleries/g/photos", files={"image": png(seed)})
            acknowledged[response.json()["photos"][0]["id"]] = png(seed)
            if seed == 20:
                enough.set()

    adder = threading.Thread(target=keep_adding)
    adder.start()
    assert enough.wait(60)
    before = dict(acknowledged)
    finished = backup(tmp_path, "g")
    done.set()
    adder.join()
    assert finished.returncode == 0, finished.stderr
    assert len(acknowledged) > len(before)  # photos were added during the backup
    assert not list((tmp_path / "galleries").glob(".backup-*"))

    server.client.delete("/galleries/g").raise_for_status()
    restore(tmp_path, finished.stdout)
    restored = server.client.get("/galleries/g/photos", params={"limit": 1000}).json()["photos"]
    assert {photo["id"] for photo in restored} >= set(before)
    for photo in restored:
        assert server.client.get(photo["url"]).content == acknowledged[photo["id"]]
    for photo_id in list(before)[:3]:
        answer = server.client.post(
            "/retrieve", files={"image": before[photo_id]}, data={"gallery": "g", "source": "photo", "k": "1"}
        )
        assert answer.json()["hits"][0]["id"] == photo_id
    database = sqlite3.connect(tmp_path / "galleries" / "g" / "gallery.sqlite")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


def test_the_database_alone_is_restored_after_a_kill(tmp_path, server):
    """SQLite would apply the log of the killed service to the restored database."""
    server.client.post("/galleries/g/photos", files={"image": png(1)}).raise_for_status()
    archive = backup(tmp_path, "g").stdout
    for seed in range(2, 6):
        server.client.post("/galleries/g/photos", files={"image": png(seed)}).raise_for_status()
    server.process.kill()
    server.process.wait()
    gallery = tmp_path / "galleries" / "g"
    assert (gallery / "gallery.sqlite-wal").stat().st_size
    docs = (SCRIPT.parents[1] / "docs" / "backup.md").read_text()
    commands = re.findall(r"--entrypoint sh service -c '(.*)'", docs)
    assert len(commands) == 2
    for command in commands:
        in_gallery = command.replace("photos/gallery", "g/gallery").replace("galleries/photos", "galleries/g")
        subprocess.run(["sh", "-c", in_gallery], cwd=tmp_path, input=archive, check=True)
    restored = Galleries(tmp_path / "galleries").open("g")
    assert [photo.id for photo in restored.page(0, 100)] == [1]
    restored.close()
    assert {path.name for path in (gallery / "old").iterdir()} >= {"gallery.sqlite", "gallery.sqlite-wal"}


def test_database_is_the_last_file_of_the_archive(tmp_path, server):
    """A truncated archive must not unpack to a gallery with missing pictures."""
    server.client.post("/galleries/g/photos", files={"image": png()}).raise_for_status()
    with tarfile.open(fileobj=BytesIO(backup(tmp_path, "g").stdout)) as tar:
        names = tar.getnames()
    assert names[-1] == "g/gallery.sqlite"
    assert [name.split("/")[1] for name in names[:-1]] == ["thumbnails", "photos"]


def test_unknown_gallery_is_an_error(tmp_path):
    finished = backup(tmp_path, "none")
    assert finished.returncode == 1
    assert b"there is no gallery 'none'" in finished.stderr
    assert finished.stdout == b""


def test_a_damaged_picture_is_archived_and_reported(tmp_path, server):
    server.client.post("/galleries/g/photos", files={"image": png()}).raise_for_status()
    picture = next((tmp_path / "galleries" / "g" / "photos").glob("*/*"))
    picture.write_bytes(b"changed")
    finished = backup(tmp_path, "g")
    assert finished.returncode == 1
    assert b"the archive has 1 damaged picture; run `iiae fsck g`" in finished.stderr
    with tarfile.open(fileobj=BytesIO(finished.stdout)) as tar:
        assert "g/gallery.sqlite" in tar.getnames()


def test_a_damaged_database_is_reported(tmp_path, server):
    server.client.post("/galleries/g/photos", files={"image": png()}).raise_for_status()
    server.stop()
    path = tmp_path / "galleries" / "g" / "gallery.sqlite"
    data = bytearray(path.read_bytes())
    at = data.rindex(b"image/png")  # in the row; the SHA-256 before it is in an index, too
    start = data.rindex(b"{", 0, at) - 64
    data[start] ^= 1
    path.write_bytes(data)
    finished = backup(tmp_path, "g")
    assert finished.returncode == 1
    assert b"a damaged database" in finished.stderr


def test_a_running_backup_locks_its_folder(tmp_path):
    """`iiae fsck --repair` leaves it alone. The backup does not end, because nobody reads the archive."""
    gallery = Galleries(tmp_path / "galleries").create("g", spec())
    gallery.add([new_photo(number, data=bytes(200_000)) for number in range(5)])
    with (
        SCRIPT.open("rb") as script,
        subprocess.Popen(
            [sys.executable, "-", "g"],
            stdin=script,
            stdout=subprocess.PIPE,
            env={**os.environ, "IIAE_HOME": str(tmp_path)},
        ) as running,
    ):
        try:
            deadline = time.monotonic() + 30
            while not (found := list(gallery.folder.parent.glob(".backup-*/gallery.sqlite"))):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert is_locked(found[0].parent)
        finally:
            running.kill()
    assert not is_locked(found[0].parent)
