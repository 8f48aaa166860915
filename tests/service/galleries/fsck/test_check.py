"""What fsck finds and repairs. After a repair, nothing of it is left, and nothing else has changed."""

import sqlite3
import threading
from collections.abc import Callable

import numpy as np
import pytest
from gallery_damage import (
    REPAIR,
    age,
    change,
    check,
    copy_index,
    first,
    kinds,
    link_to_damaged_index,
    make_file,
    make_link,
    orphan,
    orphan_copy,
    photo,
    written,
)
from gallery_photos import embedding, spec

from service.errors import GalleryNotFound
from service.galleries.database import DATABASE
from service.galleries.files import PhotoFiles
from service.galleries.fsck.check import check_home
from service.galleries.fsck.finding import Options
from service.galleries.gallery import Gallery
from service.galleries.reindex.job import ReindexJob
from service.galleries.reindex.lock import lock
from service.galleries.schema import create_space

HALF = f".{'ab' * 32}.1.2"
"""A picture that was being written when its process was killed."""
DAMAGES: dict[str, tuple[Callable[[Gallery], object], str]] = {
    "thumbnail lost": (lambda g: first(g, "thumbnail").unlink(), "thumbnail_damaged"),
    "thumbnail changed": (lambda g: first(g, "thumbnail").write_bytes(b"x"), "thumbnail_damaged"),
    "thumbnail orphaned": (lambda g: orphan(g, "thumbnails", "ab.webp"), "thumbnail_orphaned"),
    "picture orphaned": (lambda g: orphan(g, "photos", "ab"), "photo_orphaned"),
    "thumbnail of a lost photo": (
        lambda g: orphan(g, "thumbnails", f"{'ab' * 32}.webp"),
        "thumbnail_orphaned",
    ),
    "picture half written": (lambda g: orphan(g, "photos", HALF), "temporary_file"),
    "picture beside the folders": (lambda g: age(written(g.folder / "photos/stray")), "photo_orphaned"),
    "picture in another folder": (lambda g: orphan_copy(g, "photos/zz/{}"), "photo_orphaned"),
    "picture with a suffix": (lambda g: orphan_copy(g, "photos/{:.2}/{}.bak"), "photo_orphaned"),
    "thumbnail beside the folders": (lambda g: orphan_copy(g, "thumbnails/{}.webp"), "thumbnail_orphaned"),
    "thumbnail with a suffix": (lambda g: orphan_copy(g, "thumbnails/{:.2}/{}.jpg"), "thumbnail_orphaned"),
    "index is a file": (lambda g: make_file(g.folder / "index"), "index_damaged"),
    "index is a broken link": (lambda g: make_link(g.folder / "index", "nothing"), "index_damaged"),
    "index is a link to a damaged one": (link_to_damaged_index, "index_damaged"),
    "index note is a broken link": (lambda g: make_link(g.folder / "index/note.json", "x"), "index_damaged"),
    "index changed": (lambda g: next(g.folder.glob("index/*.faiss")).write_bytes(b"x"), "index_damaged"),
    "index note cut": (lambda g: (g.folder / "index/note.json").write_text("{"), "index_damaged"),
    "other file in the index": (lambda g: age(written(g.folder / "index/notes")), "temporary_file"),
    "index of before": (lambda g: age(copy_index(g)), "temporary_file"),
    "embedding": (lambda g: change(g, "UPDATE embeddings_1 SET embedding = NULL WHERE id = 2"), ""),
    "embedding lost": (lambda g: change(g, "DELETE FROM embeddings_1 WHERE id = 2"), ""),
    "removal": (lambda g: change(g, "INSERT INTO removals VALUES (0, 1, x'00')"), "removal_damaged"),
    "sequence": (lambda g: change(g, "UPDATE sqlite_sequence SET seq = 3"), "ids_reused"),
}


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
    change(gallery, "UPDATE photos SET sha256 = 'a', label = 'a' WHERE id = 1")
    found = kinds(check(gallery, REPAIR))
    assert ("photo_damaged", False) in found
    assert ("photo_orphaned", False) in found and ("thumbnail_orphaned", False) in found
    assert len(list(gallery.folder.glob("photos/*/*"))) == 7


def test_an_orphaned_picture_moves_to_the_quarantine(gallery):
    orphan(gallery, "photos", "ab")
    check(gallery, REPAIR)
    assert (gallery.folder / "quarantine" / "ab").read_bytes() == b"orphan"


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER odd AFTER INSERT ON photos BEGIN DELETE FROM photos; END",
        "CREATE VIEW odd AS SELECT 1",
    ],
)
def test_triggers_and_views_are_reported(gallery, statement):
    """A trigger can delete what a request has just stored."""
    change(gallery, statement)
    [found] = check(gallery, REPAIR)
    assert (found.kind, found.repaired, " odd " in found.detail) == ("schema_differs", False, True)


def test_young_files_are_left_alone(gallery, tmp_path):
    for path in (orphan(gallery, "photos", "ab"), orphan(gallery, "photos", HALF), copy_index(gallery)):
        age(path, days=0)
    (tmp_path / "galleries" / ".new-1").mkdir()
    assert list(check_home(tmp_path, [], REPAIR)) == []
    assert len(list(gallery.folder.glob("photos/ab/*"))) == 1


def test_files_that_this_program_did_not_make_are_never_deleted(gallery):
    names = ("photos/ab/.notes", "thumbnails/notes", "thumbnails/ab/ab.webp", "index/notes")
    for number, name in enumerate(names):
        path = gallery.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"%d" % number)
        age(path)
    check(gallery, REPAIR)
    assert check(gallery) == []
    kept = [path.read_bytes() for path in (gallery.folder / "quarantine").iterdir()]
    assert sorted(kept) == [b"0", b"1", b"2", b"3"]


def test_quick_checks_read_no_pictures(gallery):
    first(gallery, "picture").write_bytes(b"changed")
    first(gallery, "thumbnail").write_bytes(b"changed")
    assert check(gallery, Options(quick=True)) == []
    first(gallery, "picture").unlink()
    assert kinds(check(gallery, Options(quick=True))) == [("picture_missing", False)]


def test_a_quick_repair_makes_no_thumbnail_from_a_changed_picture(gallery):
    """The picture is intact as far as the quick check knows: it exists."""
    first(gallery, "thumbnail").unlink()
    first(gallery, "picture").write_bytes(photo(100).data or b"")
    found = check(gallery, Options(quick=True, repair=True))
    assert kinds(found) == [("picture_changed", False), ("thumbnail_damaged", False)]
    assert not first(gallery, "thumbnail").exists()
    first(gallery, "picture").write_bytes(photo(1).data or b"")
    assert kinds(check(gallery, Options(quick=True, repair=True))) == [("thumbnail_damaged", True)]


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


def test_damage_that_several_steps_meet_is_reported_once(gallery):
    gallery.close()
    path = gallery.folder / DATABASE
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with path.open("r+b") as database:
        database.seek(4096 * 2)
        database.write(b"\xff" * (path.stat().st_size - 4096 * 2))
    findings = check(gallery)
    assert "gallery_damaged" in {finding.kind for finding in findings}
    assert len(findings) == len(set(findings))
