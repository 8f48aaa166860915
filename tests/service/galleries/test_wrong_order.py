"""A damaged page can put rows out of order. Loops over pages of rows must end all the same."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from gallery_photos import new_photo, spec

from service.errors import GalleryDamaged, ServiceError
from service.galleries.collection import Galleries
from service.galleries.database import DATABASE
from service.galleries.fsck.check import check_home
from service.galleries.fsck.finding import Options
from service.galleries.gallery import Gallery
from service.galleries.reindex.job import ReindexJob
from service.galleries.reindex.records import EmbeddedPhoto

PAGE_SIZE = 4096


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose gallery has the ids 1, 2 and 2: one bit of the id of its last photo is flipped."""
    gallery = Galleries(tmp_path / "galleries").create("g", spec())
    gallery.add([new_photo(number) for number in range(3)])
    gallery.close()
    path = gallery.folder / DATABASE
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'photos'").fetchone()
    connection.close()
    data = bytearray(path.read_bytes())
    start = (root - 1) * PAGE_SIZE
    last_pointer = start + 8 + 2 * (int.from_bytes(data[start + 3 : start + 5]) - 1)
    cell = start + int.from_bytes(data[last_pointer : last_pointer + 2])
    cell += 1 if data[cell] < 0x80 else 2  # skip the size of the row, a varint
    assert data[cell] == 3
    data[cell] = 2
    path.write_bytes(data)
    return tmp_path


def ends(call: Callable[[], object]) -> object:
    """Return the result or the error of a call, which must end within some seconds."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(call())
        except ServiceError as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(10)
    assert outcome, "it does not end"
    return outcome[0]


def opened(home: Path) -> Gallery:
    return Galleries(home / "galleries").open("g")


@pytest.mark.parametrize(("after", "limit"), [(0, 3), (0, 100), (1, 2), (1, 100)])
def test_a_page_of_photos(home, after, limit):
    assert isinstance(ends(lambda: opened(home).page(after, limit)), GalleryDamaged)


def test_a_check(home):
    findings = ends(lambda: list(check_home(home, [], Options())))
    assert isinstance(findings, list)
    assert "gallery_damaged" in {finding.kind for finding in findings}


def test_a_reindex(home):
    def reindex() -> None:
        with ReindexJob(opened(home), spec(), from_scratch=True) as job:
            for page in job.pages():
                job.keep(
                    [
                        EmbeddedPhoto(photo_id=each.id, sha256=each.sha256, embedding=None, fault="not read")
                        for each in page
                    ]
                )

    assert isinstance(ends(reindex), GalleryDamaged)
