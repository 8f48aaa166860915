"""Photos as rows: stored photos, and reported changes."""

import numpy as np
import pytest
from gallery_photos import embedding, new_photo, spec

from service.errors import PhotoNotFound
from service.galleries import stored_rows
from service.galleries.collection import Galleries
from service.galleries.rows import PhotoRows


@pytest.fixture
def photos(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    return PhotoRows(gallery.database)


def insert(photos: PhotoRows, *numbers: int, **changes: object) -> list[int]:
    with photos.transaction() as transaction:
        stored = transaction.insert([new_photo(number, **changes) for number in numbers])
    return [stored[new_photo(number).sha256].id for number in numbers]


def test_a_photo_added_again_keeps_its_label_and_metadata(photos):
    [first] = insert(photos, 1, label="cat", metadata={"a": 1})
    assert insert(photos, 1, label="dog") == [first]
    assert (photos.photo(first).label, photos.photo(first).metadata) == ("cat", {"a": 1})


def test_a_failed_transaction_stores_nothing(photos):
    def fail() -> None:
        with photos.transaction() as transaction:
            transaction.insert([new_photo(1)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (photos.count(), photos.changes(-1)) == (0, (0, [], []))


def test_changes_since_a_revision_are_the_added_and_removed_photos(photos):
    first, second = insert(photos, 1, 2)
    revision = photos.changes(-1).revision
    [third] = insert(photos, 3)
    with photos.transaction() as transaction:
        transaction.delete(first)
    changes = photos.changes(revision)
    assert ([photo_id for photo_id, _ in changes.added], changes.removed) == ([third], [first])
    np.testing.assert_array_equal(changes.added[0][1], embedding(3))
    assert [photo_id for photo_id, _ in photos.changes(-1).added] == [second, third]
    assert photos.changes(changes.revision) == (changes.revision, [], [])


def test_more_ids_than_one_query_takes_are_found(photos, monkeypatch):
    monkeypatch.setattr(stored_rows, "MAX_VALUES", 3)
    ids = insert(photos, *range(10))
    assert sorted(photo.id for photo in photos.by_ids([*ids, 999])) == ids


def test_an_unknown_photo_is_not_found(photos):
    for call in (photos.photo, photos.embedding):
        with pytest.raises(PhotoNotFound, match="no photo 7"):
            call(7)
