"""Photos are removed from a full disk with the space of the reserve."""

import pytest
from gallery_photos import ids, new_photo, spec

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
