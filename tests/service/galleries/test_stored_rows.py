"""Damaged rows are left out of lists and searches, and reported for single photos."""

import logging
from collections.abc import Callable

import pytest
from gallery_photos import damage, embedding, ids, labelled_gallery, new_photo

from service.errors import GalleryDamaged, PhotoDamaged
from service.galleries.gallery import Gallery


@pytest.fixture
def gallery(tmp_path):
    return labelled_gallery(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        "label = 'other'",
        "label = NULL",
        "metadata = '{'",
        "width = 5",
        "source = '/etc/passwd'",
        "revision = 99",
        "sha256 = 'a'",
        "label = CAST(x'ff' AS TEXT)",
        "checksum = x''",
    ],
)
def test_a_damaged_photo_is_left_out_and_reported(gallery, change, caplog):
    gallery = damage(gallery, f"UPDATE photos SET {change} WHERE id = 3")
    with caplog.at_level(logging.ERROR):
        assert ids(gallery) == [1, 2, 4, 5, 6, 7]
        assert [photo.id for photo in gallery.page(0, 3)] == [1, 2, 4]
        hits = gallery.search(embedding(3), 100)
        assert sorted(hit.photo.id for hit in hits) == [1, 2, 4, 5, 6, 7]
        with pytest.raises(PhotoDamaged, match="iiae fsck g"):
            gallery.photo(3)
    assert gallery.database.damage.count == 1
    assert len([record for record in caplog.records if "damaged" in record.message]) == 1


@pytest.mark.parametrize("change", ["embedding = zeroblob(24)", "embedding = NULL", "checksum = x'00'"])
def test_a_damaged_embedding_is_not_searched(gallery, change):
    gallery = damage(gallery, f"UPDATE embeddings_1 SET {change} WHERE id = 3")
    assert sorted(hit.photo.id for hit in gallery.search(embedding(3), 100)) == [1, 2, 4, 5, 6, 7]
    assert gallery.photo(3).label == "thing 3"
    with pytest.raises(PhotoDamaged):
        gallery.embedding(3)


def test_a_damaged_removal_does_not_hide_a_photo(gallery):
    gallery.remove(2)
    gallery = damage(gallery, "UPDATE removals SET id = 5 WHERE id = 2")
    assert 5 in [hit.photo.id for hit in gallery.search(embedding(5), 100)]
    assert gallery.database.damage.count == 1


@pytest.mark.parametrize(
    ("statement", "use"),
    [
        ("UPDATE meta SET value = 'other' WHERE key = 'model'", lambda gallery: gallery.spec),
        ("UPDATE meta SET value = '77' WHERE key = 'revision'", lambda gallery: gallery.add([new_photo(9)])),
        ("UPDATE meta SET value = '2' WHERE key = 'space'", lambda gallery: gallery.spec),
    ],
)
def test_a_damaged_row_of_meta_is_an_error_for_the_whole_gallery(
    gallery: Gallery, statement: str, use: Callable[[Gallery], object]
) -> None:
    with pytest.raises(GalleryDamaged):
        use(damage(gallery, statement))
