"""Changes of photos whose rows are damaged: adding heals them, removing deletes them."""

from dataclasses import replace

import pytest
from gallery_photos import damage, embedding, ids, labelled_gallery, new_photo, spec

from service.errors import GalleryDamaged, PhotoDamaged, PhotoNotFound
from service.galleries.collection import Galleries
from service.galleries.fsck.finding import Options
from service.galleries.fsck.index import check_index
from service.galleries.gallery import Gallery
from service.galleries.photo_transaction import PhotoTransaction
from service.galleries.reindex.job import last_progress
from service.galleries.schema import current_revision
from service.galleries.stored_rows import StoredRows


@pytest.fixture
def gallery(tmp_path):
    return labelled_gallery(tmp_path)


def test_adding_the_file_again_heals_a_damaged_photo(gallery):
    gallery = damage(gallery, "UPDATE photos SET label = 'other' WHERE id = 3")
    assert gallery.known([new_photo(3).sha256]) == {}
    [photo] = gallery.add([new_photo(3, label="again")])
    assert (photo.id, photo.label, gallery.database.damage.count) == (3, "again", 0)
    assert gallery.search(embedding(3), 1)[0].photo == photo


def test_adding_the_file_again_heals_a_damaged_embedding_and_keeps_the_label(gallery):
    gallery = damage(gallery, "UPDATE embeddings_1 SET embedding = zeroblob(24) WHERE id = 3")
    assert gallery.known([new_photo(3).sha256]) == {}
    [photo] = gallery.add([new_photo(3, label="again")])
    assert (photo.id, photo.label) == (3, "thing 3")
    assert gallery.search(embedding(3), 1)[0].photo == photo


def test_a_damaged_photo_can_be_removed(gallery):
    gallery = damage(gallery, "UPDATE photos SET sha256 = CAST(x'ff' AS TEXT) WHERE id = 3")
    gallery.remove(3)
    assert (ids(gallery), gallery.count) == ([1, 2, 4, 5, 6, 7], 6)


def test_a_damaged_reindex_row_does_not_stop_additions_and_removals(gallery):
    with gallery.database.transaction() as connection:
        connection.execute(
            "INSERT INTO reindex VALUES (1, 1, 'm', 'd', 'cosine', 6, 0, 'done', NULL, 0, 0, '', '', x'')"
        )
    with pytest.raises(GalleryDamaged):
        last_progress(gallery)
    gallery.remove(1)
    assert gallery.add([new_photo(9)])[0].id == 8


def test_a_changed_label_survives_a_restart_and_keeps_the_rest(gallery):
    before = gallery.photo(3)
    changed = gallery.change(3, {"label": "umbrella", "metadata": {"sku": [1]}})
    assert changed == replace(before, label="umbrella", metadata={"sku": [1]})
    assert gallery.change(3, {"label": None}).label is None
    again = Gallery(gallery.folder)
    assert again.photo(3) == replace(changed, label=None)
    assert again.search(embedding(3), 1)[0].photo == again.photo(3)
    assert (again.database.damage.count, again.page(3, 10)) == (0, gallery.page(3, 10))


def test_each_change_of_a_label_increases_the_revision(gallery):
    def revision() -> int:
        with gallery.database.reading() as connection:
            return current_revision(connection)

    before = revision()
    gallery.change(3, {"label": "umbrella"})
    assert revision() == before + 1


def test_a_damaged_photo_cannot_be_changed(gallery):
    gallery = damage(gallery, "UPDATE photos SET label = 'other' WHERE id = 3")
    with pytest.raises(PhotoDamaged):
        gallery.change(3, {"label": "umbrella"})
    with pytest.raises(PhotoNotFound):
        gallery.change(99, {"label": "umbrella"})


def test_a_photo_with_another_picture_keeps_its_id_and_searches_find_the_new_one(tmp_path):
    gallery = labelled_gallery(tmp_path)
    other = Gallery(gallery.folder)  # as in another process, with an index of its own
    assert [hit.photo.id for hit in other.search(embedding(3), 1)] == [3]
    for number in (30, 31, 32):  # each time, the embedding before becomes a tombstone
        new = new_photo(number, label="new")
        with gallery.storing([new]) as transaction:
            transaction.replace(3, new)
        [hit] = other.search(embedding(number), 1)
        assert (hit.photo.id, hit.photo.sha256, hit.photo.label) == (3, new.sha256, "new")
        assert hit.score > 0.999
        found = [hit.photo.id for hit in other.search(embedding(3), 7)]
        assert (sorted(found), other.index.count) == ([1, 2, 3, 4, 5, 6, 7], 7)
    other.save_index()
    again = Gallery(gallery.folder)
    [best, *rest] = again.search(embedding(32), 7)
    assert (best.photo.id, len(rest), again.index.count) == (3, 6, 7)
    assert list(check_index(again, Options(repair=False, quick=False))) == []


def test_a_photo_that_was_indexed_in_place_can_move(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    [photo] = gallery.add([new_photo(1, data=None, source="/old/1.png", label="cat")])
    with gallery.database.transaction() as connection:
        transaction = PhotoTransaction(gallery.database, connection, StoredRows(gallery.database))
        assert transaction.move(photo.id, "/new/1.png")
        assert not transaction.move(99, "/new/1.png")
    assert gallery.photo(photo.id) == replace(photo, source="/new/1.png")
