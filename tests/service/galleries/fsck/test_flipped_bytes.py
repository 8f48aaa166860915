"""A changed byte of a gallery's files changes no answer without being noticed.

Each test changes one byte of a copy and compares all answers. An answer may stay the same. If one differs, an
error, the count of damaged rows or `iiae fsck` must say so.
"""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from gallery_photos import embedding, new_photo, spec
from PIL import Image

from service.errors import ServiceError
from service.galleries.collection import Galleries
from service.galleries.database import DATABASE
from service.galleries.fsck.check import check_home
from service.galleries.fsck.finding import Options
from service.galleries.gallery import Gallery
from service.galleries.records import NewPhoto
from service.galleries.reindex.job import ReindexJob
from service.galleries.reindex.records import EmbeddedPhoto
from service.galleries.reindex.rows import ReindexRows

PHOTOS = 12
FLIPS = 250
"""Changed bytes of the database. With `None`, all bytes are changed, which takes minutes and passes, too."""


def picture(number: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8), (number, 2 * number, 3 * number)).save(out, "WEBP")
    return out.getvalue()


def photo(number: int) -> NewPhoto:
    data = picture(number)
    return new_photo(
        number,
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
        thumbnail=data,
        label=None if number % 3 == 0 else f"thing {number}",
        metadata={"number": number, "text": "☂" * number},
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one gallery, in which photos were removed and embedded again."""
    home = tmp_path_factory.mktemp("sound")
    gallery = Galleries(home / "galleries").create("g", spec())
    gallery.add([photo(number) for number in range(PHOTOS)])
    gallery.remove(3)
    gallery.remove(PHOTOS)
    with ReindexJob(gallery, spec(), from_scratch=True) as job:
        for page in job.pages():
            job.keep(
                [
                    EmbeddedPhoto(
                        photo_id=each.id, sha256=each.sha256, embedding=embedding(each.id), fault=None
                    )
                    for each in page
                ]
            )
        job.switch()
    gallery = Galleries(home / "galleries").open("g")
    gallery.add([photo(PHOTOS + 1)])
    gallery.save_index()
    gallery.close()
    del gallery
    with sqlite3.connect(home / "galleries" / "g" / DATABASE) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    for rest in (home / "galleries" / "g").glob(f"{DATABASE}-*"):
        rest.unlink()
    return home


def answers(gallery: Gallery) -> list[object]:
    """Return all that a gallery answers."""
    ids = [each.id for each in gallery.page(0, 100)]
    return [
        gallery.spec,
        gallery.count,
        gallery.page(0, 100),
        gallery.page(5, 3),
        [gallery.photo(each) for each in ids],
        [gallery.embedding(each).tobytes() for each in ids],
        [str(gallery.search(embedding(number), 5)) for number in range(8)],
        str(gallery.search_expanded(embedding(1), 100)),
        {number: gallery.known([photo(number).sha256]) for number in range(PHOTOS + 3)},
        [gallery.thumbnail_path(each).name for each in gallery.page(0, 100)],
        ReindexRows(gallery.database).progress(),
    ]


def is_noticed(home: Path, expected: list[object]) -> bool:
    """Return whether the answers are the same, or something says that they are not."""
    try:
        gallery = Galleries(home / "galleries").open("g")
        found = answers(gallery)
        gallery.close()
    except (ServiceError, sqlite3.Error):
        return True
    return found == expected or gallery.database.damage.count > 0 or any(check_home(home, ["g"], Options()))


def flips(data: bytes, count: int | None, seed: int) -> Iterator[tuple[int, int]]:
    """Yield positions and bytes: `count` random ones, or one for each position."""
    random = np.random.default_rng(seed)
    positions = range(len(data)) if count is None else random.choice(len(data), count, replace=False)
    for position in positions:
        yield int(position), data[position] ^ int(random.integers(1, 256))


def unnoticed(home: Path, work: Path, file: str, count: int | None, seed: int = 0) -> list[tuple[int, int]]:
    """Change bytes of one file, one at a time. Return those that nothing notices."""
    expected = answers(Galleries(home / "galleries").open("g"))
    shutil.copytree(home, work, dirs_exist_ok=True)
    path = next((work / "galleries" / "g").glob(file))
    data = path.read_bytes()
    missed = []
    for position, byte in flips(data, count, seed):
        changed = bytearray(data)
        changed[position] = byte
        for rest in (work / "galleries" / "g").glob(f"{DATABASE}-*"):
            rest.unlink()
        path.write_bytes(changed)
        if not is_noticed(work, expected):
            missed.append((position, byte))
    return missed


def test_the_sound_gallery_has_no_findings(home):
    assert list(check_home(home, [], Options())) == []


@pytest.mark.parametrize(
    ("file", "count"), [(DATABASE, FLIPS), ("index/note.json", 100), ("index/*.faiss", 100)]
)
def test_a_changed_byte_is_noticed(home, tmp_path, file, count):
    assert unnoticed(home, tmp_path / "work", file, count) == []


@pytest.mark.parametrize("folder", ["photos", "thumbnails"])
def test_a_changed_byte_of_a_picture_is_found(home, tmp_path, folder):
    shutil.copytree(home, tmp_path / "work")
    path = next((tmp_path / "work" / "galleries" / "g" / folder).glob("*/*"))
    data = path.read_bytes()
    for position, byte in flips(data, 20, seed=1):
        changed = bytearray(data)
        changed[position] = byte
        path.write_bytes(changed)
        kinds = [finding.kind for finding in check_home(tmp_path / "work", ["g"], Options())]
        assert kinds == ["picture_changed" if folder == "photos" else "thumbnail_damaged"]


def test_a_changed_byte_of_the_write_ahead_log_is_noticed(tmp_path):
    """SQLite ignores the log from the changed byte on. The pictures of the lost photos are orphans then."""
    sound = tmp_path / "sound"
    gallery = Galleries(sound / "galleries").create("g", spec())
    gallery.add([photo(1)])
    gallery.add([photo(2)])
    for path in gallery.folder.glob("*/*/*"):
        os.utime(path, (1, 1))
    expected = answers(gallery)
    assert list(check_home(sound, ["g"], Options())) == []
    log = gallery.folder / f"{DATABASE}-wal"
    data = log.read_bytes()
    for number, (position, byte) in enumerate(flips(data, 30, seed=2)):
        work = tmp_path / str(number)
        shutil.copytree(sound, work)
        changed = bytearray(data)
        changed[position] = byte
        (work / "galleries" / "g" / log.name).write_bytes(changed)
        (work / "galleries" / "g" / f"{DATABASE}-shm").unlink()
        assert is_noticed(work, expected), (position, byte)
