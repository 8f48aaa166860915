"""Photos are removed from a full disk with the space of the reserve."""

import os
from functools import partial

import pytest
from gallery_photos import ids, new_photo, run_concurrently, spec

from service.errors import StorageFull
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
from service.galleries.reserve import SIZE, Reserve


def test_the_reserve_is_made_when_photos_are_added_and_at_the_start(tmp_path):
    galleries, path = Galleries(tmp_path), Reserve(tmp_path).path
    galleries.remove_stale()
    assert not path.exists()
    galleries.create("g", spec()).add([new_photo(1)])
    assert path.stat().st_size == SIZE
    path.write_bytes(b"cut off")
    galleries.remove_stale()
    assert path.stat().st_size == SIZE
    assert galleries.names() == ["g"]


@pytest.mark.parametrize("opened_again", [False, True])
@pytest.mark.parametrize("size", [100, 20_000])
def test_photos_are_removed_from_a_full_disk(small_disk, opened_again, size):
    gallery = Galleries(small_disk.folder).create("g", spec())
    gallery.add([new_photo(number, data=bytes(size)) for number in range(30)])
    if opened_again:
        gallery.close()
    small_disk.fill()
    if opened_again:
        gallery = Gallery(gallery.folder)
    for photo_id in range(1, 31):
        gallery.remove(photo_id)
    assert ids(gallery) == []
    assert list(gallery.folder.glob("photos/*/*")) == []


def test_many_small_photos_of_several_galleries_are_removed_at_the_same_time(small_disk):
    """A removal needs more space for SQLite's log than it frees."""
    galleries = [Galleries(small_disk.folder).create(name, spec()) for name in "abcd"]
    for gallery in galleries:
        for number in range(30):
            gallery.add([new_photo(number, data=bytes(100))])
    small_disk.fill()

    def remove_all(gallery: Gallery) -> None:
        for photo_id in range(1, 31):
            gallery.remove(photo_id)

    run_concurrently([partial(remove_all, gallery) for gallery in galleries])
    assert [ids(gallery) for gallery in galleries] == [[]] * 4


def test_a_removal_tries_again_if_others_take_the_space(tmp_path, monkeypatch):
    gallery = Galleries(tmp_path).create("g", spec())
    gallery.add([new_photo(1)])
    refusals = iter([StorageFull("full")] * 4)
    remove = gallery._remove_row

    def refuse_then_remove(photo_id: int) -> str:
        for refusal in refusals:
            raise refusal
        return remove(photo_id)

    monkeypatch.setattr(gallery, "_remove_row", refuse_then_remove)
    gallery.remove(1)
    assert ids(gallery) == []


@pytest.mark.parametrize("kind", ["fifo", "link"])
def test_something_else_in_the_place_of_the_reserve_is_replaced(tmp_path, kind):
    reserve, target = Reserve(tmp_path / "galleries"), tmp_path / "target"
    reserve.path.parent.mkdir()
    target.write_bytes(b"another file")
    os.mkfifo(reserve.path) if kind == "fifo" else reserve.path.symlink_to(target)
    reserve.keep()
    assert reserve.path.stat().st_size == SIZE and not reserve.path.is_symlink()
    assert target.read_bytes() == b"another file"


def test_a_nearly_full_disk_has_no_new_reserve(tmp_path, monkeypatch):
    monkeypatch.setattr("service.galleries.reserve.free_bytes", lambda folder: 2 * SIZE - 1)
    Reserve(tmp_path).keep()
    assert not Reserve(tmp_path).path.exists()


def test_a_full_disk_that_others_fill_again_refuses_to_remove_and_keeps_the_photo(small_disk, monkeypatch):
    gallery = Galleries(small_disk.folder).create("g", spec())
    gallery.add([new_photo(1)])
    gallery.close()
    small_disk.fill()
    monkeypatch.setattr(Reserve, "release", lambda self: None)
    gallery = Gallery(gallery.folder)
    with pytest.raises(StorageFull):
        gallery.remove(1)
    assert ids(gallery) == [1]
    assert gallery.picture_path(gallery.photo(1)).read_bytes() == b"picture 1"
