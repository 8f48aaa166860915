"""`iiae sync` as a process: `--watch` with real events, beside a server that searches, and killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from photo_folder import PhotoFolder
from serving import Server, png, publish_sketch

from service.galleries.sync.lock import syncing

PHOTOS = 6


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("store")
    publish_sketch(home)
    return home


@pytest.fixture
def tree(tmp_path, store):
    made = PhotoFolder(tmp_path, store)
    for number in range(PHOTOS):
        made.write(f"cats/{number}.png", number)
    return made


@contextmanager
def program(tree: PhotoFolder, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run `iiae` in a process of its own. Kill it in the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", *words],
        env=os.environ | {"IIAE_HOME": str(tree.home), "NO_COLOR": "1", "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def eventually(check: Callable[[], object], expected: object, within: float = 60) -> None:
    until = time.monotonic() + within
    while (found := check()) != expected:
        assert time.monotonic() < until, f"{found!r} instead of {expected!r}"
        time.sleep(0.1)


def eventually_line(process: subprocess.Popen[str], words: str) -> bool:
    """Read what a process prints up to a line with these words. False if it ends before."""
    return any(words in line for line in process.stdout)


@pytest.fixture
def searching(tree):
    """A server beside the sync. Returns what a search by a photo finds first: id, label, and the picture."""
    tree.index()
    server = Server(tree.home).ready()

    def best(number: int) -> tuple[int, str | None, bytes]:
        form = {"gallery": "g", "source": "photo", "k": "1"}
        answer = server.client.post("/retrieve", files={"image": png(number)}, data=form)
        assert answer.status_code == 200, answer.text
        [hit] = answer.json()["hits"]
        picture = server.client.get(hit["url"])
        return hit["id"], hit["label"], picture.content if picture.status_code == 200 else b""

    yield best
    server.stop()


def test_a_watched_folder_and_the_searches_of_a_server_stay_in_step(tree, searching):
    first, second, *_ = tree.photos()
    with program(tree, "sync", "g", "--watch") as process:
        assert "6 unchanged" in process.stdout.readline()
        tree.write("birds/new.png", 50)
        eventually(lambda: searching(50)[1:], ("birds", png(50)))
        (tree.folder / "cats/0.png").rename(tree.folder / "birds/0.png")
        eventually(lambda: searching(0), (first, "birds", png(0)))
        tree.write("cats/1.png", 77, age=0)
        eventually(lambda: searching(77), (second, "cats", png(77)))
        (tree.folder / "cats/2.png").unlink()
        eventually(lambda: len(tree.photos()), PHOTOS)
        assert searching(2)[2] != png(2)

        # the folder goes away, as a disk that is unmounted, and comes back with another photo
        tree.folder.rename(tree.folder.with_name("away"))
        time.sleep(2)
        assert len(tree.photos()) == PHOTOS
        shutil.copytree(tree.folder.with_name("away"), tree.folder)
        tree.write("birds/later.png", 51)
        eventually(lambda: searching(51)[1:], ("birds", png(51)))
        tree.write("birds/last.png", 52)  # events of the folder that came back
        eventually(lambda: searching(52)[1:], ("birds", png(52)))
        with syncing(tree.gallery):  # as another process that syncs
            tree.write("birds/held.png", 53)
            assert eventually_line(process, "another process syncs gallery 'g'")
        eventually(lambda: searching(53)[1:], ("birds", png(53)))
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        output = process.stdout.read()
    assert "stopped" in output


@pytest.mark.parametrize("moment", [0.0, 0.3])
def test_a_sync_that_is_killed_is_completed_by_the_next_one(tree, moment):
    tree.index()
    ids = tree.photos()
    shutil.rmtree(tree.folder / "cats")
    for number in range(3):
        tree.write(f"dogs/{number}.png", number)  # three have moved, three are gone
    for number in range(100, 240):
        tree.write(f"new/{number}.png", number)
    with program(tree, "sync", "g") as process:
        eventually(lambda: len(tree.photos()) > PHOTOS, True)  # the first batch is there
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
    partly = tree.photos()
    assert len(partly) <= 143
    report = tree.report()
    assert report["unchanged"] == len(partly)
    assert report.get("added", 0) == 143 - len(partly)
    after = tree.photos()
    assert (len(after), list(after)[:3]) == (143, list(ids)[:3])
    assert {path for _, path, _ in after.values()} == {
        path.relative_to(tree.folder).as_posix() for path in tree.folder.rglob("*.png")
    }
    assert tree.report() == {"unchanged": 143}
