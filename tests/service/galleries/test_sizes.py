"""Swapped sizes of photos that an earlier version stored are corrected once."""

from dataclasses import replace
from io import BytesIO

import pytest
import reindexer
from gallery_photos import new_photo
from PIL import Image
from reindexer import spec

from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
from service.galleries.migrations import SIZES_KEY
from service.galleries.schema import read_meta, set_meta
from service.galleries.sizes import correct_sizes


def picture(kind: str, width: int, height: int, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = BytesIO()
    Image.new("RGB", (width, height)).save(out, kind, exif=exif)
    return out.getvalue()


def add(gallery: Gallery, number: int, size: tuple[int, int], upright: tuple[int, int]) -> int:
    """Add a turned photo as an earlier version did: with the size before it was turned."""
    data = picture("JPEG", *size, orientation=1 if size == upright else 6)
    small = picture("WEBP", *(max(1, side // 10) for side in upright))
    photo = new_photo(number, width=size[0], height=size[1], thumbnail=small, data=data)
    dim = gallery.spec.dim
    [added] = gallery.add([replace(photo, embedding=reindexer.vector(number, "d0")[:dim])])
    return added.id


def size(gallery: Gallery, photo_id: int) -> tuple[int, int]:
    photo = gallery.photo(photo_id)
    return photo.width, photo.height


@pytest.fixture
def gallery(tmp_path):
    return Galleries(tmp_path).create("g", spec("d0"))


def mark(gallery: Gallery) -> None:
    with gallery.database.transaction() as connection:
        set_meta(connection, SIZES_KEY, "1")


def test_sizes_follow_the_thumbnail_or_else_the_picture(gallery):
    turned = add(gallery, 1, (400, 300), (300, 400))
    wide = add(gallery, 2, (400, 300), (400, 300))
    tall = add(gallery, 3, (300, 400), (300, 400))
    nearly_square = add(gallery, 4, (401, 400), (400, 401))
    lost = add(gallery, 5, (400, 200), (200, 400))
    gallery.thumbnail_path(gallery.photo(lost)).unlink()
    gone = add(gallery, 6, (400, 100), (100, 400))
    gallery.thumbnail_path(gallery.photo(gone)).unlink()
    gallery.picture_path(gallery.photo(gone)).unlink()
    mark(gallery)
    assert correct_sizes(gallery) == 3
    found = [size(gallery, each) for each in (turned, wide, tall, nearly_square, lost, gone)]
    assert found == [(300, 400), (400, 300), (300, 400), (400, 401), (200, 400), (400, 100)]
    with gallery.database.reading() as connection:
        assert SIZES_KEY not in read_meta(connection)
    assert gallery.database.damage.count == 0


def test_a_gallery_of_this_version_is_left_alone(gallery):
    turned = add(gallery, 1, (400, 300), (300, 400))
    assert correct_sizes(gallery) == 0
    assert size(gallery, turned) == (400, 300)
