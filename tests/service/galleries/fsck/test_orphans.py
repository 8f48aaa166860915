"""Files that no row names: fsck touches only those in the gallery's own folder."""

import pytest
from gallery_damage import REPAIR, age, check, first, kinds, orphan, photo
from gallery_photos import spec

from service.galleries.collection import Galleries
from service.galleries.files import PhotoFiles

KINDS = ("photos", "thumbnails")


def move(gallery, to):
    """Move the pictures and thumbnails to another disk, and link to them."""
    for kind in KINDS:
        (gallery.folder / kind).rename(to / kind)
        (gallery.folder / kind).symlink_to(to / kind)


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def other(gallery, tmp_path):
    return Galleries(tmp_path / "galleries").create("h", spec())


@pytest.fixture
def disk(tmp_path):
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


@pytest.mark.parametrize("owns", [True, False], ids=["own folder", "links of both"])
def test_files_of_a_gallery_that_uses_the_same_folder_are_left_alone(gallery, other, disk, owns):
    if not owns:
        move(gallery, disk)
    for kind in KINDS:
        (other.folder / kind).symlink_to(gallery.folder / kind)
    other.add([photo(number) for number in range(20, 23)])
    for path in files(gallery.folder.parent) + files(disk):
        age(path)
    before = files(disk) + files(gallery.folder / "photos") + files(gallery.folder / "thumbnails")
    assert kinds(check(gallery, REPAIR)) == [("folder_shared", False)] * 2
    assert files(disk) + files(gallery.folder / "photos") + files(gallery.folder / "thumbnails") == before
    assert not (gallery.folder / "quarantine").exists()


def test_nothing_is_moved_or_deleted_in_a_folder_that_is_a_link(gallery, disk):
    move(gallery, disk)
    assert check(gallery, REPAIR) == []
    names = ("ab", f".{'ab' * 32}.1.2")
    orphans = [orphan(gallery, "photos", name) for name in names]
    orphans.append(orphan(gallery, "thumbnails", f"{'ab' * 32}.webp"))
    first(gallery, "thumbnail").unlink()
    found = check(gallery, REPAIR)
    assert not any(finding.repaired for finding in found)
    assert [finding.kind for finding in found] == [
        "thumbnail_damaged",
        "temporary_file",
        "photo_orphaned",
        "thumbnail_orphaned",
    ]
    assert all("/ is a link" in finding.detail for finding in found)
    assert all(path.exists() for path in orphans) and not first(gallery, "thumbnail").exists()


def test_a_linked_folder_in_photos_is_reported_and_not_entered(gallery, disk):
    (disk / ("ab" * 32)).write_bytes(b"x")
    age(disk / ("ab" * 32))
    (gallery.folder / "photos/ab").symlink_to(disk)
    assert kinds(check(gallery, REPAIR)) == [("not_checked", False)]
    assert (gallery.folder / "photos/ab").is_symlink() and len(files(disk)) == 1


def test_a_linked_quarantine_gets_no_files(gallery, disk):
    path = orphan(gallery, "photos", "ab")
    (gallery.folder / "quarantine").symlink_to(disk)
    [found] = check(gallery, REPAIR)
    assert not found.repaired and "quarantine/ is a link" in found.detail
    assert path.exists() and files(disk) == []


def test_a_link_to_the_whole_gallery_is_no_other_gallery(gallery):
    (gallery.folder.parent / "alias").symlink_to("g")
    orphan(gallery, "photos", "ab")
    assert kinds(check(gallery, REPAIR)) == [("photo_orphaned", True)]
    assert PhotoFiles(gallery.folder).picture(photo(1).sha256).exists()
