"""What fsck finds and repairs. After a repair, nothing of it is left, and nothing else has changed."""

import errno
import hashlib
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from gallery_photos import embedding, new_photo, spec
from PIL import Image

from service.errors import GalleryNotFound
from service.galleries.collection import Galleries
from service.galleries.database import DATABASE
from service.galleries.files import PhotoFiles
from service.galleries.fsck.check import check_home
from service.galleries.fsck.finding import Finding, Options
from service.galleries.gallery import Gallery
from service.galleries.records import NewPhoto
from service.galleries.reindex.job import ReindexJob
from service.galleries.reindex.lock import lock
from service.galleries.schema import create_space

REPORT, REPAIR = Options(), Options(repair=True)


def photo(number: int, **changes: object) -> NewPhoto:
    out = BytesIO()
    Image.new("RGB", (3, 4), (number, number, number)).save(out, "PNG")
    data = out.getvalue()
    fields = {"sha256": hashlib.sha256(data).hexdigest(), "data": data, "thumbnail": data} | changes
    return new_photo(number, **fields)


@pytest.fixture
def gallery(tmp_path):
    gallery = Galleries(tmp_path / "galleries").create("g", spec())
    gallery.add([photo(number) for number in range(1, 8)])
    gallery.save_index()
    return gallery


def home(gallery: Gallery) -> Path:
    return gallery.folder.parents[1]


def check(gallery: Gallery, options: Options = REPORT) -> list[Finding]:
    return list(check_home(home(gallery), ["g"], options))


def kinds(findings: list[Finding]) -> list[tuple[str, bool]]:
    return sorted((finding.kind, finding.repaired) for finding in findings)


def change(gallery: Gallery, statement: str) -> None:
    """Change the database without checksums, as a failing disk does."""
    with gallery.database.transaction() as connection:
        connection.execute(statement)


def age(path: Path, days: float = 2) -> Path:
    """Make a file or folder old."""
    then = time.time() - days * 86_400
    os.utime(path, (then, then))
    return path


def orphan(gallery: Gallery, folder: str, name: str) -> Path:
    path = gallery.folder / folder / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"orphan")
    return age(path)


def first(gallery: Gallery, kind: str) -> Path:
    stored, files = gallery.photo(1), PhotoFiles(gallery.folder)
    return files.picture(stored.sha256) if kind == "picture" else files.thumbnail(stored.sha256)


DAMAGES: dict[str, tuple[Callable[[Gallery], object], str]] = {
    "thumbnail lost": (lambda g: first(g, "thumbnail").unlink(), "thumbnail_damaged"),
    "thumbnail changed": (lambda g: first(g, "thumbnail").write_bytes(b"x"), "thumbnail_damaged"),
    "thumbnail orphaned": (lambda g: orphan(g, "thumbnails", "ab.webp"), "thumbnail_orphaned"),
    "picture orphaned": (lambda g: orphan(g, "photos", "ab"), "photo_orphaned"),
    "picture half written": (lambda g: orphan(g, "photos", ".ab.1.2"), "temporary_file"),
    "index changed": (lambda g: next(g.folder.glob("index/*.faiss")).write_bytes(b"x"), "index_damaged"),
    "index note cut": (lambda g: (g.folder / "index/note.json").write_text("{"), "index_damaged"),
    "index of before": (lambda g: age(copy_index(g)), "temporary_file"),
    "embedding": (lambda g: change(g, "UPDATE embeddings_1 SET embedding = NULL WHERE id = 2"), ""),
    "embedding lost": (lambda g: change(g, "DELETE FROM embeddings_1 WHERE id = 2"), ""),
    "removal": (lambda g: change(g, "INSERT INTO removals VALUES (0, 1, x'00')"), "removal_damaged"),
    "sequence": (lambda g: change(g, "UPDATE sqlite_sequence SET seq = 3"), "ids_reused"),
}


def copy_index(gallery: Gallery) -> Path:
    path = gallery.folder / "index" / "0-0.faiss"
    path.write_bytes(b"x")
    return path


def test_a_sound_gallery_has_no_findings(gallery):
    assert check(gallery) == []
    assert check(gallery, REPAIR) == []


@pytest.mark.parametrize("name", [name for name in DAMAGES if not name.startswith("embedding")])
def test_a_repair_leaves_no_finding_and_no_other_photos(gallery, name):
    damage, kind = DAMAGES[name]
    photos = gallery.page(0, 100)
    damage(gallery)
    assert kinds(check(gallery)) == [(kind, False)]
    assert kinds(check(gallery, REPAIR)) == [(kind, True)]
    assert check(gallery) == []
    again = Gallery(gallery.folder)
    assert [each.id for each in again.page(0, 100)] == [each.id for each in photos]
    for each in photos:
        assert again.picture(each).read() == photo(each.id).data
        assert again.search(embedding(each.id), 1)[0].photo.id == each.id
        np.testing.assert_array_equal(again.embedding(each.id), embedding(each.id))


@pytest.mark.parametrize("name", ["embedding", "embedding lost"])
def test_a_damaged_embedding_is_marked_and_the_next_reindex_embeds_it(gallery, name):
    DAMAGES[name][0](gallery)
    assert ("embedding_damaged", False) in kinds(check(gallery))
    assert ("embedding_damaged", True) in kinds(check(gallery, REPAIR))
    assert check(gallery) == []
    with ReindexJob(gallery, spec()) as job:
        missing = [each.id for page in job.pages() for each in page]
    assert missing == [2]


def test_an_unused_space_is_deleted_unless_a_reindex_runs(gallery):
    with ReindexJob(gallery, spec(), from_scratch=True):
        with gallery.database.transaction() as connection:
            create_space(connection, 9)
        assert check(gallery, REPAIR) == []
    with gallery.database.transaction() as connection:
        create_space(connection, 9)
    assert kinds(check(gallery, REPAIR)) == [("space_unused", True)]
    assert check(gallery) == []


def test_a_damaged_progress_is_deleted_unless_a_reindex_runs(gallery):
    with ReindexJob(gallery, spec(), from_scratch=True):
        pass
    change(gallery, "UPDATE reindex SET done = 77")
    with lock(gallery):
        assert ("reindex_damaged", False) in kinds(check(gallery, REPAIR))
    assert ("reindex_damaged", True) in kinds(check(gallery, REPAIR))
    assert check(gallery) == []


def test_lost_and_changed_pictures_are_reported_and_kept(gallery):
    first(gallery, "picture").write_bytes(b"changed")
    first(gallery, "thumbnail").unlink()
    PhotoFiles(gallery.folder).picture(gallery.photo(2).sha256).unlink()
    expected = [("picture_changed", False), ("picture_missing", False), ("thumbnail_damaged", False)]
    assert kinds(check(gallery, REPAIR)) == expected
    assert (first(gallery, "picture").read_bytes(), gallery.count) == (b"changed", 7)


def test_files_in_their_own_folder_are_checked(gallery, tmp_path):
    own = tmp_path / "own.png"
    own.write_bytes(photo(9).data or b"")
    gallery.add([photo(9, data=None, source=str(own))])
    assert check(gallery) == []
    own.write_bytes(b"edited")
    assert kinds(check(gallery, REPAIR)) == [("picture_changed", False)]
    own.unlink()
    assert kinds(check(gallery, REPAIR)) == [("picture_missing", False)]


def test_a_damaged_photo_is_kept_with_its_files(gallery):
    age(first(gallery, "picture"))
    age(first(gallery, "thumbnail"))
    change(gallery, "UPDATE photos SET sha256 = 'a' WHERE id = 1")
    found = kinds(check(gallery, REPAIR))
    assert ("photo_damaged", False) in found
    assert ("photo_orphaned", False) in found and ("thumbnail_orphaned", False) in found
    assert len(list(gallery.folder.glob("photos/*/*"))) == 7


def test_an_orphaned_picture_moves_to_the_quarantine(gallery):
    orphan(gallery, "photos", "ab")
    check(gallery, REPAIR)
    assert (gallery.folder / "quarantine" / "ab").read_bytes() == b"orphan"


def test_a_quarantined_picture_is_never_overwritten(gallery):
    """A picture may be orphaned again, and the second copy may be the damaged one."""
    quarantine = gallery.folder / "quarantine"
    for data in (b"intact", b"damaged", b"other"):
        path = orphan(gallery, "photos", "ab")
        path.write_bytes(data)
        age(path)
        assert kinds(check(gallery, REPAIR)) == [("photo_orphaned", True)]
    kept = {path.name: path.read_bytes() for path in quarantine.iterdir()}
    assert kept == {"ab": b"intact", "ab.1": b"damaged", "ab.2": b"other"}


def make_folder(path: Path) -> Path:
    path.unlink(missing_ok=True)
    path.mkdir(parents=True)
    return age(path)


def make_file(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.write_bytes(b"x")


def name_without_text(gallery: Gallery) -> None:
    path = Path(os.fsdecode(bytes(first(gallery, "picture").parent) + b"/\xff\xfe"))
    path.write_bytes(b"x")
    age(path)


def without_quarantine(gallery: Gallery) -> None:
    orphan(gallery, "photos", "ab")
    (gallery.folder / "quarantine").write_bytes(b"x")


ODD: dict[str, tuple[Callable[[Gallery], object], tuple[str, bool]]] = {
    "a thumbnail is a folder": (lambda g: make_folder(first(g, "thumbnail")), ("thumbnail_damaged", False)),
    "thumbnails is a file": (lambda g: make_file(g.folder / "thumbnails"), ("thumbnail_damaged", False)),
    "a shard is a file": (lambda g: make_file(first(g, "thumbnail").parent), ("thumbnail_damaged", False)),
    "an orphaned folder": (
        lambda g: make_folder(g.folder / "thumbnails/aa/aa.webp"),
        ("thumbnail_orphaned", False),
    ),
    "a hidden folder": (lambda g: make_folder(g.folder / "photos/aa/.aa"), ("temporary_file", False)),
    "a folder in index": (lambda g: make_folder(g.folder / "index/aa"), ("temporary_file", False)),
    "quarantine is a file": (without_quarantine, ("photo_orphaned", False)),
    "a name that is no text": (name_without_text, ("photo_orphaned", True)),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_does_not_stop_the_check(gallery, tmp_path, name):
    """All other damage of this gallery and of the next one is still found and repaired."""
    damage, kind = ODD[name]
    damage(gallery)
    PhotoFiles(gallery.folder).picture(gallery.photo(7).sha256).unlink()
    orphan(gallery, "photos", "zz.left").rename(hidden := gallery.folder / "photos/zz/.left")
    second = Galleries(tmp_path / "galleries").create("h", spec())
    second.add([photo(1)])
    first(second, "picture").unlink()
    for options in (REPORT, REPAIR):
        found = list(check_home(tmp_path, [], options))
        in_first = kinds([finding for finding in found if finding.place == "g"])
        assert (kind if options.repair else (kind[0], False)) in in_first
        assert ("picture_missing", False) in in_first
        assert ("temporary_file", options.repair) in in_first
        assert ("picture_missing", False) in kinds([finding for finding in found if finding.place == "h"])
    assert not hidden.exists()


def test_a_gallery_that_cannot_be_used_does_not_stop_the_check(gallery, tmp_path):
    second = Galleries(tmp_path / "galleries").create("h", spec())
    second.add([photo(1)])
    first(second, "picture").unlink()
    gallery.close()
    for rest in gallery.folder.glob(f"{DATABASE}-*"):
        rest.unlink()
    (gallery.folder / f"{DATABASE}-wal").mkdir()
    found = [(finding.place, finding.kind) for finding in check_home(tmp_path, [], REPAIR)]
    assert found == [("g", "not_checked"), ("h", "picture_missing")]


def test_repairs_on_a_full_disk_fail_one_by_one(gallery, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for number in (1, 2):
        PhotoFiles(gallery.folder).thumbnail(gallery.photo(number).sha256).unlink()
    PhotoFiles(gallery.folder).picture(gallery.photo(7).sha256).unlink()
    monkeypatch.setattr(PhotoFiles, "write", full)
    found = check(gallery, REPAIR)
    assert kinds(found) == [("picture_missing", False), *[("thumbnail_damaged", False)] * 2]
    assert sum("the disk is full" in finding.detail for finding in found) == 2


def test_no_picture_is_moved_if_the_photos_cannot_be_read(gallery, monkeypatch):
    def unreadable(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    path = orphan(gallery, "photos", "ab")
    monkeypatch.setattr("service.galleries.fsck.check.check_lost_photos", lambda _: map(unreadable, [1]))
    assert kinds(check(gallery, REPAIR)) == [("not_checked", False), ("photo_orphaned", False)]
    assert path.exists()


def test_young_files_are_left_alone(gallery, tmp_path):
    for path in (orphan(gallery, "photos", "ab"), orphan(gallery, "photos", ".ab.1.2"), copy_index(gallery)):
        age(path, days=0)
    (tmp_path / "galleries" / ".new-1").mkdir()
    assert list(check_home(tmp_path, [], REPAIR)) == []
    assert len(list(gallery.folder.glob("photos/ab/*"))) == 1


@pytest.mark.parametrize("place", ["galleries", "checkpoints"])
def test_hidden_folders_of_killed_processes_are_deleted(gallery, tmp_path, place):
    left = tmp_path / place / ".half-1234"
    (left / "deep").mkdir(parents=True)
    (left / "deep" / "file").write_bytes(b"x")
    assert list(check_home(tmp_path, [], REPAIR)) == []  # it is young
    for path in (left / "deep" / "file", left / "deep", left):
        age(path)
    assert kinds(list(check_home(tmp_path, [], REPAIR))) == [("folder_left_over", True)]
    assert not left.exists()


def test_quick_checks_read_no_pictures(gallery):
    first(gallery, "picture").write_bytes(b"changed")
    first(gallery, "thumbnail").write_bytes(b"changed")
    assert check(gallery, Options(quick=True)) == []
    first(gallery, "picture").unlink()
    assert kinds(check(gallery, Options(quick=True))) == [("picture_missing", False)]


def test_a_damaged_sqlite_index_is_built_again(gallery):
    gallery.close()
    path = gallery.folder / DATABASE
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [root] = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_photos_1'"
        ).fetchone()
    connection.close()
    data = bytearray(path.read_bytes())
    page = data[4096 * (root - 1) : 4096 * root]
    at = page.rindex(photo(3).sha256.encode()[:20])
    data[4096 * (root - 1) + at] = ord("z")
    for rest in gallery.folder.glob(f"{DATABASE}-*"):
        rest.unlink()
    path.write_bytes(data)
    found = check(gallery)
    assert {finding.kind for finding in found} == {"database_damaged"}
    assert all(finding.repaired for finding in check(gallery, REPAIR))
    assert check(gallery) == []
    assert Gallery(gallery.folder).known([photo(3).sha256])


def test_a_gallery_that_cannot_be_opened_is_reported(gallery, tmp_path):
    gallery.close()
    (gallery.folder / DATABASE).write_bytes(b"x" * 5000)
    assert kinds(list(check_home(tmp_path, [], REPAIR))) == [("gallery_damaged", False)]


def test_a_gallery_without_its_database_is_reported(gallery, tmp_path):
    gallery.close()
    for path in gallery.folder.glob(f"{DATABASE}*"):
        path.unlink()
    for names in ([], ["g"]):
        found = list(check_home(tmp_path, names, REPAIR))
        assert kinds(found) == [("gallery_damaged", False)]
        assert "has lost its gallery.sqlite" in found[0].detail
    assert len(list(gallery.folder.glob("photos/*/*"))) == 7


def test_an_unknown_gallery_is_an_error(tmp_path):
    with pytest.raises(GalleryNotFound):
        list(check_home(tmp_path, ["nothing"], Options()))


def test_photos_that_are_added_and_removed_during_repairs_are_kept(gallery):
    """The files of running requests are young or named by a row, and a repair takes no other."""
    stop = threading.Event()
    errors: list[Exception] = []

    def work() -> None:
        other = Gallery(gallery.folder)
        number = 20
        try:
            while not stop.is_set():
                [added] = other.add([photo(number % 200)])
                assert other.picture(added).read() == photo(number % 200).data
                other.remove(added.id)
                number += 1
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(10):
            first(gallery, "thumbnail").unlink(missing_ok=True)
            assert {finding.kind for finding in check(gallery, REPAIR)} <= {"thumbnail_damaged"}
    finally:
        stop.set()
        thread.join()
    assert errors == []
    assert check(gallery) == []
