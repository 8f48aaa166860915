"""A check goes on after every failure, and says what it did not check or repair."""

import os
import sqlite3
import threading
from pathlib import Path

import pytest
from gallery_damage import photo

from model.errors import UserError
from service.errors import GalleryDamaged
from service.galleries.collection import Galleries
from service.galleries.database import DATABASE
from service.galleries.fsck import index
from service.galleries.fsck.check import check_home
from service.galleries.fsck.finding import Finding, Options
from service.galleries.gallery import Gallery
from service.galleries.rows import PhotoRows


def findings(gallery: Gallery, **options: bool) -> list[Finding]:
    return list(check_home(gallery.folder.parent.parent, [], Options(**options)))


def change(gallery: Gallery, *statements: str) -> None:
    with sqlite3.connect(gallery.folder / DATABASE) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_an_unexpected_error_of_one_step_is_a_finding(gallery, monkeypatch):
    def fail(*_: object) -> None:
        raise TypeError("no number")

    monkeypatch.setattr(index, "_problem", fail)
    gallery.thumbnail_path(gallery.photo(1)).unlink()
    found = findings(gallery)
    assert [finding.kind for finding in found] == ["thumbnail_damaged", "not_checked"]
    assert "TypeError: no number" in found[1].detail


def test_an_unexpected_error_of_a_repair_is_said(gallery, monkeypatch):
    def fail(*_: object) -> None:
        raise ValueError("no thumbnail")

    gallery.thumbnail_path(gallery.photo(1)).unlink()
    monkeypatch.setattr("service.galleries.fsck.files.thumbnail", fail)
    [found] = findings(gallery, repair=True)
    assert not found.repaired
    assert "the repair failed (ValueError: no thumbnail)" in found.detail


@pytest.mark.parametrize("name", ["embeddings_1x", "embeddings_"])
def test_a_table_with_an_odd_name_is_a_difference(gallery, name):
    change(gallery, f"CREATE TABLE {name} (id INTEGER PRIMARY KEY)")
    assert [finding.kind for finding in findings(gallery)] == ["schema_differs"]


def test_a_repair_says_that_it_repairs_nothing_else(gallery):
    change(gallery, "CREATE TABLE other (id INTEGER PRIMARY KEY)")
    gallery.thumbnail_path(gallery.photo(1)).unlink()
    assert [finding.kind for finding in findings(gallery)] == ["schema_differs", "thumbnail_damaged"]
    kinds = [finding.kind for finding in findings(gallery, repair=True)]
    assert kinds == ["schema_differs", "not_repaired", "thumbnail_damaged"]


def test_metadata_that_is_no_json_is_a_damaged_row(gallery, monkeypatch):
    """As sealed by a migration of a file that was damaged before."""
    monkeypatch.setattr("service.galleries.stored_rows.is_intact", lambda *_, **__: True)
    change(gallery, "UPDATE photos SET metadata = '{' WHERE id = 2")
    kept = Galleries(gallery.folder.parent).open("g")
    assert [each.id for each in kept.page(0, 100)] == [1, 3, 4, 5, 6, 7]
    assert kept.database.damage.count == 1


def test_an_index_is_compared_with_one_snapshot(gallery, monkeypatch):
    """A server that writes all the time does not keep the check from its end."""
    reads = PhotoRows._changes

    def read_while_another_writes(self: PhotoRows, *arguments: object) -> object:
        changes = reads(self, *arguments)
        writer = threading.Thread(target=gallery.add, args=([photo(next(numbers))],))
        writer.start()
        writer.join()
        return changes

    numbers = iter(range(10, 30))
    monkeypatch.setattr(PhotoRows, "_changes", read_while_another_writes)
    assert list(index.check_index(gallery, Options())) == []
    assert next(numbers) == 12


def test_a_home_that_does_not_exist_is_an_error(tmp_path):
    file = tmp_path / "file"
    file.touch()
    for home in (tmp_path / "none", file):
        with pytest.raises(UserError, match="there is no folder"):
            list(check_home(home, [], Options()))


@pytest.mark.parametrize("place", ["galleries/g", "galleries/g/photos/zz", "checkpoints", "checkpoints/m"])
def test_a_folder_that_may_not_be_read_is_not_checked(gallery, monkeypatch, place):
    folder = gallery.folder.parent.parent / place
    folder.mkdir(parents=True, exist_ok=True)
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = findings(gallery)
    assert {finding.kind for finding in found} == {"not_checked"}
    assert any(Path(place).name in finding.detail for finding in found)


def test_an_index_that_may_not_be_read_stays(gallery, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).parent.name != "index")
    [found] = findings(gallery, repair=True)
    assert found.kind == "not_checked"
    assert any((gallery.folder / "index").iterdir())


def test_an_empty_database_is_said(gallery):
    gallery.close()
    path = gallery.folder / DATABASE
    for each in gallery.folder.glob(f"{DATABASE}*"):
        each.unlink()
    path.touch()
    with pytest.raises(GalleryDamaged, match="its database is empty"):
        Galleries(gallery.folder.parent).open("g")
