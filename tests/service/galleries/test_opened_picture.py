"""Which files show a photo, and whether browsers may keep them."""

import hashlib
import logging
import os
from dataclasses import replace

import pytest
from gallery_photos import new_photo, spec

from service.errors import PhotoDamaged, PhotoNotFound
from service.galleries.collection import Galleries
from service.galleries.opened_picture import open_picture
from service.galleries.records import NewPhoto


def uploaded() -> NewPhoto:
    return new_photo(1, sha256=hashlib.sha256(b"picture 1").hexdigest())


def test_stored_pictures_and_thumbnails_are_fixed_by_their_hash(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    [photo] = gallery.add([uploaded()])
    for small, contents in ((True, b"small"), (False, b"picture 1")):
        opened = open_picture(gallery, photo.id, small=small)
        with opened.file as file:
            assert (file.read(), opened.fixed) == (contents, True)


@pytest.mark.timeout(10)  # opening a FIFO waits forever
def test_a_fifo_instead_of_a_file_counts_as_lost(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    [photo] = gallery.add([uploaded()])
    gallery.thumbnail_path(photo).unlink()
    os.mkfifo(gallery.thumbnail_path(photo))
    with open_picture(gallery, photo.id, small=True).file as file:
        assert file.read() == b"picture 1"
    gallery.picture_path(photo).unlink()
    os.mkfifo(gallery._files.picture(photo.sha256))
    with pytest.raises(PhotoNotFound):
        open_picture(gallery, photo.id, small=True)


def test_a_damaged_thumbnail_is_not_sent(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    [photo] = gallery.add([uploaded()])
    gallery.thumbnail_path(photo).write_bytes(b"smalm")
    opened = open_picture(gallery, photo.id, small=True)
    with opened.file as file:
        assert (file.read(), opened.fixed) == (b"picture 1", False)


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("contents", [b"", b"picture", b"Picture 1", b"picture 1 and more"])
def test_a_damaged_picture_is_not_sent(tmp_path, caplog, contents, small):
    gallery = Galleries(tmp_path).create("g", spec())
    [photo] = gallery.add([uploaded()])
    gallery.picture_path(photo).write_bytes(contents)
    gallery.thumbnail_path(photo).unlink()
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            with pytest.raises(PhotoDamaged, match="add its file again"):
                open_picture(gallery, photo.id, small=small)
    assert len(caplog.records) == 1 and "the picture of photo 1 is damaged" in caplog.text
    assert gallery.database.damage.count == 1
    gallery.add([uploaded()])
    assert gallery.database.damage.count == 0
    with open_picture(gallery, photo.id, small=False).file as file:
        assert file.read() == b"picture 1"
    gallery.picture_path(photo).write_bytes(contents)
    with pytest.raises(PhotoDamaged):
        open_picture(gallery, photo.id, small=False)
    gallery.remove(photo.id)
    assert gallery.database.damage.count == 0


def test_a_picture_in_place_of_a_lost_thumbnail_has_another_version(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    [photo] = gallery.add([uploaded()])
    gallery_file = gallery.thumbnail_path(photo)
    with open_picture(gallery, photo.id, small=True).file:
        gallery_file.unlink()
    lost = open_picture(gallery, photo.id, small=True)
    with lost.file, open_picture(gallery, photo.id, small=False).file:
        assert (lost.fixed, lost.version) == (False, f"{photo.sha256}-full")


def test_a_file_that_was_changed_in_place_has_another_version(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    source = tmp_path / "own.png"
    source.write_bytes(b"first")
    [photo] = gallery.add([new_photo(1, source=str(source), data=None)])
    first = open_picture(gallery, photo.id, small=False)
    first.file.close()
    os.utime(source, ns=(1, 1))
    second = open_picture(gallery, photo.id, small=False)
    second.file.close()
    assert (first.fixed, second.fixed, first.version == second.version) == (False, False, False)


def test_a_thumbnail_that_is_made_again_has_another_version(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    versions = []
    for thumbnail in (b"small", b"larger", b"small"):
        gallery.add([replace(uploaded(), thumbnail=thumbnail)])
        with (opened := open_picture(gallery, 1, small=True)).file:
            versions.append(opened.version)
    first, larger, again = versions
    assert first != larger
    assert again == first
