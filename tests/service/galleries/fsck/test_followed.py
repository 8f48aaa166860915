"""Damaged rows of followed folders and files are found, and deleted by a repair."""

from pathlib import Path

import pytest
from gallery_photos import damage, labelled_gallery

from service.galleries.fsck.check import check_gallery
from service.galleries.fsck.finding import Options
from service.galleries.sync.file_rows import FileRows
from service.galleries.sync.following import follow, followed
from service.galleries.sync.records import FileRecord
from service.galleries.sync.unreadable_rows import UnreadableFile, UnreadableRows


@pytest.fixture
def gallery(tmp_path):
    gallery = labelled_gallery(tmp_path / "galleries")
    folder = follow(gallery, Path("/pictures"), ["*.tmp"])
    with gallery.database.transaction() as connection:
        for photo in (1, 2, 3):
            FileRows(connection).put(
                FileRecord(
                    id=None, folder=folder.id, path=f"{photo}.png", photo=photo, sha256="00", label="cat"
                )
            )
        UnreadableRows(connection, folder.id).put([UnreadableFile("x.png", 1, 2, "reader", "broken")])
    return gallery


def unreadable(gallery):
    with gallery.database.reading() as connection:
        return list(UnreadableRows(connection, 1).all())


def findings(gallery, *, repair):
    found = check_gallery(gallery, Options(repair=repair, quick=True))
    return [finding for finding in found if finding.kind == "followed_damaged"]


def test_a_damaged_row_of_an_unreadable_file_is_ignored_found_and_deleted(gallery):
    assert unreadable(gallery) == ["x.png"]
    gallery = damage(gallery, "UPDATE unreadable SET size = 3")
    assert unreadable(gallery) == []
    [finding] = findings(gallery, repair=True)
    assert finding.repaired and "table unreadable" in finding.detail
    assert findings(gallery, repair=False) == []


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE files SET path = '9.png' WHERE id = 2", "files"),
        ("UPDATE files SET label = CAST(x'ff' AS TEXT) WHERE id = 2", "files"),
        ("UPDATE folders SET exclude = '['", "folders"),
    ],
)
def test_a_damaged_row_is_ignored_found_and_deleted(gallery, statement, table):
    assert findings(gallery, repair=False) == []
    gallery = damage(gallery, statement)
    with gallery.database.reading() as connection:
        ids = [file.id for file in FileRows(connection).files(1)]
    assert (ids, len(followed(gallery))) == (([1, 3], 1) if table == "files" else ([1, 2, 3], 0))
    [finding] = findings(gallery, repair=False)
    assert f"of its table {table} is damaged" in finding.detail
    [finding] = findings(gallery, repair=True)
    assert finding.repaired
    assert findings(gallery, repair=False) == []
