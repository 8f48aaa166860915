"""Folders, links and huge files in the place of a gallery's files, and tables that are not its own."""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from gallery_photos import new_photo, spec

from service.errors import GalleryBusy, GalleryDamaged, PhotoNotFound
from service.galleries.collection import Galleries
from service.galleries.database import DATABASE
from service.galleries.files import MAX_THUMBNAIL
from service.galleries.gallery import Gallery
from service.galleries.opened_picture import open_picture
from service.galleries.records import Photo

DATA = b"a picture"
PHOTO = new_photo(0, data=DATA, sha256=hashlib.sha256(DATA).hexdigest())


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    gallery = Galleries(tmp_path).create("g", spec())
    gallery.add([PHOTO])
    return gallery


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def replace_parent_by_file(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_bytes(b"")


def replace_by_huge_file(path: Path) -> None:
    os.truncate(path, 3 << 40)  # sparse: it takes no space


KINDS = (replace_by_folder, replace_by_loop, replace_parent_by_file)


@pytest.mark.parametrize("replace", [*KINDS, replace_by_huge_file])
def test_the_picture_is_sent_instead_of_such_a_thumbnail(gallery: Gallery, replace: Callable[[Path], None]):
    replace(gallery.thumbnail_path(gallery.photo(1)))
    with open_picture(gallery, 1, small=True).file as file:
        assert file.read() == DATA


def test_a_thumbnail_of_the_largest_size_is_sent(gallery: Gallery):
    thumbnail = bytes(MAX_THUMBNAIL)
    (photo,) = gallery.add([new_photo(1, thumbnail=thumbnail)])
    with open_picture(gallery, photo.id, small=True).file as file:
        assert file.read() == thumbnail


@pytest.mark.parametrize("replace", KINDS)
def test_such_a_picture_is_gone(gallery: Gallery, replace: Callable[[Path], None]):
    replace(gallery.picture_path(gallery.photo(1)))
    with pytest.raises(PhotoNotFound):
        open_picture(gallery, 1, small=False)


def add_again(gallery: Gallery) -> list[Photo]:
    return gallery.add([PHOTO])


@pytest.mark.parametrize("file", ["picture", "thumbnail"])
def test_adding_replaces_a_link_and_reports_folders(gallery: Gallery, file: str):
    photo = gallery.photo(1)
    path = gallery.picture_path(photo) if file == "picture" else gallery.thumbnail_path(photo)
    replace_by_loop(path)
    add_again(gallery)
    assert path.is_file() and not path.is_symlink()
    for replace in (replace_by_folder, replace_parent_by_file):
        replace(path)
        with pytest.raises(GalleryDamaged, match="something else is in the place"):
            add_again(gallery)
        shutil.rmtree(path) if path.is_dir() else path.parent.unlink()
        add_again(gallery)


@pytest.mark.parametrize("replace", KINDS)
def test_a_photo_is_removed_though_its_files_cannot_be(
    gallery: Gallery, replace: Callable[[Path], None], caplog
):
    replace(gallery.thumbnail_path(gallery.photo(1)))
    gallery.remove(1)
    assert gallery.count == 0
    assert ("stay" in caplog.text) == (replace is not replace_by_loop)  # a link can be deleted


def test_a_photo_is_removed_though_its_files_are_locked_in(gallery: Gallery, monkeypatch, caplog):
    def locked(digests: list[str]) -> None:
        raise GalleryBusy("locked")

    monkeypatch.setattr(gallery, "remove_unused_files", locked)
    gallery.remove(1)
    assert gallery.count == 0
    assert "the files of removed photos stay (locked); run `iiae fsck g --repair`" in caplog.text


@pytest.mark.parametrize(
    ("old", "new"), [("label", "lacel"), ("removals", "remotals"), ("embeddings_1", "embeddings_3")]
)
def test_a_changed_name_in_the_schema_is_damage(tmp_path: Path, gallery: Gallery, old: str, new: str):
    """As by a flipped bit."""
    gallery.close()
    with sqlite3.connect(gallery.folder / DATABASE) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, ?, ?), name = replace(name, ?, ?),"
            " tbl_name = replace(tbl_name, ?, ?)",
            (old, new) * 3,
        )
    connection.close()
    with pytest.raises(GalleryDamaged, match="no such"):
        Galleries(tmp_path).open("g")


def test_a_changed_name_is_damage_for_an_open_gallery_too(gallery: Gallery):
    with sqlite3.connect(gallery.folder / DATABASE) as connection:
        connection.execute("ALTER TABLE photos RENAME COLUMN label TO lacel")
    connection.close()
    changes: list[Callable[[], object]] = [
        lambda: gallery.page(0, 10),
        lambda: gallery.photo(1),
        lambda: gallery.add([new_photo(7)]),
    ]
    for change in changes:
        with pytest.raises(GalleryDamaged):
            change()
