"""Galleries by name: created, opened, listed and deleted, by several processes at once."""

import os
import shutil
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gallery_photos import embedding, new_photo, run_concurrently, spec
from open_files import open_files

from service.deadline import Deadline, shared_deadline
from service.errors import (
    GalleryBusy,
    GalleryDamaged,
    GalleryExists,
    GalleryNotFound,
    NameInvalid,
    ServiceError,
)
from service.galleries import collection, connections
from service.galleries.collection import Galleries
from service.galleries.connections import Connections
from service.galleries.gallery import Gallery
from service.galleries.reserve import Reserve


@pytest.mark.parametrize("name", ["../x", "", ".x", "X", "a/b", "x" * 65])
def test_invalid_names_are_refused(tmp_path, name):
    with pytest.raises(NameInvalid):
        Galleries(tmp_path).create(name, spec())


def test_a_gallery_is_created_once_deleted_and_created_again(tmp_path):
    galleries, elsewhere = Galleries(tmp_path), Galleries(tmp_path)
    galleries.create("g", spec()).add([new_photo(1)])
    assert elsewhere.open("g").count == 1
    with pytest.raises(GalleryExists):
        elsewhere.create("g", spec())
    galleries.delete("g")
    with pytest.raises(GalleryNotFound):
        elsewhere.open("g")
    galleries.create("g", spec())
    assert elsewhere.open("g").count == 0
    assert {path.name for path in tmp_path.iterdir()} - {Reserve(tmp_path).path.name} == {"g"}


def test_only_recent_and_used_galleries_stay_open(tmp_path, monkeypatch):
    monkeypatch.setattr(collection, "MAX_UNUSED", 3)
    galleries = Galleries(tmp_path)
    for number in range(8):
        galleries.create(f"g{number}", spec()).add([new_photo(number)])
    used = galleries.open("g0")
    unused = weakref.ref(galleries.open("g1"))
    for number in range(2, 8):
        hits = galleries.open(f"g{number}").search(embedding(number), 1)
        assert hits[0].photo.sha256 == new_photo(number).sha256
    del hits
    assert unused() is None
    assert open_files(tmp_path) <= 4 * (2 * connections.CONNECTIONS + 1)
    assert used.search(embedding(0), 1)
    assert galleries.open("g0") is used
    for number in range(1, 6):
        galleries.open(f"g{number}", keep=False)
    assert open_files(tmp_path / "g0") > 0 and open_files(tmp_path / "g7") > 0
    galleries.close()
    assert open_files(tmp_path) == 0


def test_a_gallery_deleted_during_use_is_not_found_and_its_name_is_free(tmp_path):
    galleries, elsewhere = Galleries(tmp_path), Galleries(tmp_path)
    until = time.monotonic() + 2
    outcomes: set[str] = set()

    def attempt(
        call: Callable[[], object], expected: type[ServiceError] | tuple[type[ServiceError], ...]
    ) -> None:
        try:
            call()
            outcomes.add("done")
        except expected as error:
            outcomes.add(error.code)

    def use(opener: Galleries) -> None:
        while time.monotonic() < until:
            for call in (
                lambda gallery: gallery.add([new_photo(1), new_photo(2)]),
                lambda gallery: gallery.search(embedding(3), 3),
                Gallery.save_index,
            ):
                attempt(lambda call=call: call(opener.open("g")), GalleryNotFound)

    def create_and_delete() -> None:
        while time.monotonic() < until:
            attempt(lambda: galleries.create("g", spec()), ())
            time.sleep(0.01)
            galleries.delete("g")

    users = [lambda opener=opener: use(opener) for opener in (galleries, galleries, elsewhere)]
    run_concurrently([create_and_delete, *users])
    assert outcomes == {"done", "gallery_not_found"}
    assert {path.name for path in tmp_path.iterdir()} <= {Reserve(tmp_path).path.name}
    assert elsewhere.create("g", spec()).count == 0


def test_a_folder_without_files_of_a_gallery_becomes_a_gallery_and_keeps_its_files(tmp_path):
    galleries = Galleries(tmp_path)
    old = galleries.create("old", spec())
    old.add([new_photo(1)])
    journal = (tmp_path / "old" / "gallery.sqlite-wal").read_bytes()
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "mine.txt").write_text("mine")
    (tmp_path / "g" / "gallery.sqlite-wal").write_bytes(journal)
    assert galleries.names() == ["old"]
    with pytest.raises(GalleryNotFound):
        galleries.open("g")
    gallery = galleries.create("g", spec())
    assert gallery.count == 0
    [photo] = gallery.add([new_photo(2)])
    assert gallery.picture_path(photo).read_bytes() == b"picture 2"
    assert (tmp_path / "g" / "mine.txt").read_text() == "mine"
    assert Galleries(tmp_path).open("g").search(embedding(2), 1)[0].photo.id == photo.id


DATABASES_LOST: dict[str, Callable[[Path], object]] = {
    "deleted": lambda path: path.unlink(),
    "link to nothing": lambda path: (path.unlink(), path.symlink_to("nothing")),
    "link to itself": lambda path: (path.unlink(), path.symlink_to(path.name)),
}


@pytest.mark.parametrize("loss", DATABASES_LOST)
@pytest.mark.parametrize("kept", ["photos", "thumbnails", "index"])
def test_a_gallery_without_its_database_is_damaged_and_keeps_its_name(tmp_path, loss, kept):
    """Its pictures may be the only copies, so no new gallery takes its folder over."""
    folder = tmp_path / "g"
    galleries = Galleries(tmp_path)
    gallery = galleries.create("g", spec())
    gallery.add([new_photo(1)])
    gallery.save_index()
    gallery.close()
    DATABASES_LOST[loss](folder / "gallery.sqlite")
    for other in {"photos", "thumbnails", "index"} - {kept}:
        shutil.rmtree(folder / other)
    files = sorted(folder.rglob("*"))
    for users in (galleries, Galleries(tmp_path)):
        assert users.names() == ["g"]
        with pytest.raises(GalleryDamaged, match="backup"):
            users.open("g")
        with pytest.raises(GalleryExists):
            users.create("g", spec())
    assert sorted(folder.rglob("*")) == files
    galleries.delete("g")
    assert {path.name for path in tmp_path.iterdir()} <= {Reserve(tmp_path).path.name}
    assert galleries.create("g", spec()).count == 0


def test_a_file_with_the_name_of_a_gallery_is_not_replaced(tmp_path):
    (tmp_path / "g").write_text("mine")
    with pytest.raises(GalleryExists):
        Galleries(tmp_path).create("g", spec())
    with pytest.raises(GalleryNotFound):
        Galleries(tmp_path).open("g")
    assert [path.name for path in tmp_path.iterdir()] == ["g"]


def test_an_empty_folder_becomes_a_gallery(tmp_path):
    (tmp_path / "g").mkdir()
    assert Galleries(tmp_path).create("g", spec()).count == 0


def test_folders_with_invalid_names_are_not_listed(tmp_path):
    galleries = Galleries(tmp_path)
    galleries.create("g", spec()).close()
    for name in ("Photos", ".g-deleted", "a b"):
        shutil.copytree(tmp_path / "g", tmp_path / name)
    assert galleries.names() == ["g"]


def test_a_damaged_gallery_can_be_deleted(tmp_path):
    galleries = Galleries(tmp_path)
    galleries.create("g", spec()).close()
    (tmp_path / "g" / "gallery.sqlite").write_bytes(b"damaged" * 1000)
    with pytest.raises(GalleryDamaged):
        Galleries(tmp_path).open("g")
    Galleries(tmp_path).delete("g")
    assert {path.name for path in tmp_path.iterdir()} <= {Reserve(tmp_path).path.name}
    with pytest.raises(GalleryNotFound):
        galleries.delete("g")


def test_a_gallery_that_stalls_while_it_is_opened_does_not_stop_others(tmp_path, monkeypatch):
    creator = Galleries(tmp_path)
    for name in ("fast", "slow"):
        creator.create(name, spec())
    creator.close()
    galleries, connect = Galleries(tmp_path), Connections._connect
    opening, answers = threading.Event(), threading.Event()

    def stalling_connect(self, *arguments):
        if self.path.parent.name == "slow":
            opening.set()
            assert answers.wait(20)
        return connect(self, *arguments)

    monkeypatch.setattr(Connections, "_connect", stalling_connect)
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(galleries.open, "slow")
        try:
            assert opening.wait(10)
            began = time.monotonic()
            assert galleries.open("fast").count == 0
            assert galleries.names() == ["fast", "slow"]
            with (
                shared_deadline(Deadline(time.monotonic() + 0.3)),
                pytest.raises(GalleryBusy, match="'slow'"),
            ):
                galleries.open("slow")
            assert time.monotonic() - began < 5
        finally:
            answers.set()
        assert slow.result().count == 0
    assert galleries.open("slow") is slow.result()


def test_temporary_files_of_killed_processes_are_removed_after_an_hour(tmp_path):
    galleries = Galleries(tmp_path)
    gallery = galleries.create("g", spec())
    [photo] = gallery.add([new_photo(1)])
    gallery.save_index()
    picture = gallery.picture_path(photo)
    stale = [
        picture.with_name(f".{picture.name}.9.9"),
        gallery.thumbnail_path(photo).with_name(f".{picture.name}.webp.9.9"),
        tmp_path / "g" / "index" / ".note.json.9.9",
    ]
    young = picture.with_name(f".{picture.name}.7.7")
    for path in (*stale, young):
        path.touch()
    half = tmp_path / f".g-{'0123456789abcdef' * 2}"
    half.mkdir()
    (half / "gallery.sqlite").touch()
    for path in (*stale, half):
        os.utime(path, (0, 0))
    galleries.remove_stale()
    assert not half.exists() and not any(path.exists() for path in stale)
    assert young.exists() and picture.exists() and gallery.thumbnail_path(photo).exists()
    assert Galleries(tmp_path).open("g").search(embedding(1), 1)


def test_creating_keeps_files_beside_the_database_that_others_made(tmp_path):
    """Only SQLite's own journals are deleted."""
    folder = tmp_path / "g"
    folder.mkdir()
    for name in ("gallery.sqlite-old", "gallery.sqlite-wal"):
        (folder / name).write_bytes(b"x")
    gallery = Galleries(tmp_path).create("g", spec())
    assert gallery.count == 0
    assert (folder / "gallery.sqlite-old").read_bytes() == b"x"


def test_cleaning_keeps_everything_that_this_program_did_not_make(tmp_path):
    """Such as a copy of a gallery, the snapshot of a running backup, and files in a half deleted gallery."""
    galleries = Galleries(tmp_path)
    galleries.create("g", spec()).add([new_photo(1)])
    half = f".g-{'0' * 32}"
    paths = [
        ".old-cats/gallery.sqlite",
        ".backup-ab_cd012/gallery.sqlite",
        ".restored/g/gallery.sqlite",
        f"{half}/photos/notes.txt",
        "g/photos/00/.hidden",
        "g/photos/.DS_Store",
        "g/index/.note.json.bak",
    ]
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"x")
    for path in tmp_path.rglob("*"):
        os.utime(path, (0, 0))
    galleries.remove_stale()
    assert [path for path in paths if not (tmp_path / path).exists()] == []
