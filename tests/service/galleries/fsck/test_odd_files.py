"""Odd files, full disks and galleries that cannot be used. The check goes on, and loses no picture."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from gallery_damage import (
    REPAIR,
    REPORT,
    age,
    check,
    first,
    kinds,
    link_to_damaged_index,
    make_file,
    make_folder,
    orphan,
    photo,
)
from gallery_photos import spec

from service.galleries.collection import Galleries
from service.galleries.database import DATABASE
from service.galleries.files import PhotoFiles
from service.galleries.fsck.check import check_home
from service.galleries.gallery import Gallery


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
        ("thumbnail_orphaned", True),
    ),
    "a hidden folder": (lambda g: make_folder(g.folder / "photos/aa/.aa"), ("photo_orphaned", True)),
    "a folder in index": (lambda g: make_folder(g.folder / "index/aa"), ("temporary_file", True)),
    "quarantine is a file": (without_quarantine, ("photo_orphaned", False)),
    "a name that is no text": (name_without_text, ("photo_orphaned", True)),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_does_not_stop_the_check(gallery, tmp_path, name):
    """All other damage of this gallery and of the next one is still found and repaired."""
    damage, kind = ODD[name]
    damage(gallery)
    PhotoFiles(gallery.folder).picture(gallery.photo(7).sha256).unlink()
    hidden = orphan(gallery, "photos", f".{'ab' * 32}.1.2")
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


@pytest.mark.parametrize("place", ["galleries", "checkpoints"])
@pytest.mark.parametrize(
    "make", [lambda path: path.write_bytes(b"x"), lambda path: path.symlink_to("nothing")]
)
def test_a_place_that_is_no_folder_is_reported(tmp_path, place, make):
    make(tmp_path / place)
    [found] = check_home(tmp_path, [], REPAIR)
    assert (found.place, found.kind) == (place, "not_checked")


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


def test_a_linked_index_is_unlinked_and_its_folder_stays(gallery):
    link_to_damaged_index(gallery)
    check(gallery, REPAIR)
    assert not (gallery.folder / "index").is_symlink()
    assert (gallery.folder / "moved/note.json").exists()


def test_an_index_that_cannot_be_deleted_is_not_called_repaired(gallery, monkeypatch):
    (gallery.folder / "index/note.json").write_text("{")
    monkeypatch.setattr(Path, "rmdir", lambda _: None)
    assert kinds(check(gallery, REPAIR)) == [("index_damaged", False)]


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
