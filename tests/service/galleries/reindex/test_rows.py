"""The rows of a reindex: which photos are copied, missing and stored, and the switch to the new space."""

import pytest
import reindexer
from reindexer import DIMS, create, embedded, new, number_of, score, spaces, spec, vector

from service.errors import ReindexCancelled, ReindexNotFound
from service.galleries.collection import Galleries
from service.galleries.reindex import rows
from service.galleries.reindex.records import EmbeddedPhoto
from service.galleries.reindex.rows import ReindexRows
from service.galleries.schema import set_meta


def test_the_gallery_takes_the_distance_of_the_new_checkpoint(tmp_path):
    create(tmp_path, 12)
    for target in ("d3", "d2"):  # to L2 distance, and back to the cosine
        reindexer.reindex_all(tmp_path, target)
        gallery = Galleries(tmp_path).open("g")
        assert (gallery.spec.digest, gallery.spec.distance, gallery.spec.dim) == (
            target,
            spec(target).distance,
            DIMS[target],
        )
        query = vector(99, target)
        by_hand = sorted(
            range(12), key=lambda number: -score(query, vector(number, target), spec(target).distance)
        )
        assert [number_of(hit.photo) for hit in gallery.search(query, 12)] == by_hand


def test_missing_photos_are_those_without_a_new_embedding(tmp_path):
    gallery = create(tmp_path, 5)
    reindex = ReindexRows(gallery.database)
    assert reindex.begin(spec("d1"), from_scratch=False)
    photos = reindex.missing(-1, 0, 10)
    assert [number_of(photo) for photo in photos] == [0, 1, 2, 3, 4]
    reindex.keep(embedded(photos[1:3], "d1"))
    assert [number_of(photo) for photo in reindex.missing(-1, 0, 10)] == [0, 3, 4]
    assert [number_of(photo) for photo in reindex.missing(-1, photos[0].id, 1)] == [3]
    revision = reindex.revision()
    gallery.add([new(9, "d0")])
    assert [number_of(photo) for photo in reindex.missing(revision, 0, 10)] == [9]


def test_embeddings_of_removed_photos_are_not_stored_or_counted(tmp_path):
    gallery = create(tmp_path, 3)
    reindex = ReindexRows(gallery.database)
    reindex.begin(spec("d1"), from_scratch=False)
    photos = reindex.missing(-1, 0, 10)
    gallery.remove(photos[0].id)
    reindex.keep(embedded(photos, "d1"))
    assert (reindex.progress().done, reindex.progress().total) == (2, 2)
    assert reindex.switch(reindex.revision())
    found = Galleries(tmp_path).open("g").search(vector(0, "d1"), 10)
    assert {hit.photo.id for hit in found} == {photo.id for photo in photos[1:]}


def test_the_space_is_not_switched_while_a_later_photo_is_missing(tmp_path):
    gallery = create(tmp_path, 2)
    reindex = ReindexRows(gallery.database)
    reindex.begin(spec("d1"), from_scratch=False)
    reindex.keep(embedded(reindex.missing(-1, 0, 10), "d1"))
    revision = reindex.revision()
    gallery.add([new(5, "d0")])
    assert not reindex.switch(revision)
    assert Galleries(tmp_path).open("g").spec.digest == "d0"
    reindex.keep(embedded(reindex.missing(revision, 0, 10), "d1"))
    assert reindex.switch(revision)
    assert Galleries(tmp_path).open("g").spec.digest == "d1"


def test_only_embeddings_without_faults_are_taken_over(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "STEP", 2)
    reindex = ReindexRows(create(tmp_path, 5).database)
    reindex.begin(spec("d1"), from_scratch=False)
    assert reindex.take_over(0) is None  # another checkpoint embedded the present space
    photos = reindex.missing(-1, 0, 10)
    lost = EmbeddedPhoto(
        photo_id=photos[2].id, sha256=photos[2].sha256, embedding=None, fault="the file is missing"
    )
    reindex.keep([lost, *embedded([photos[0], photos[1], photos[3], photos[4]], "d1")])
    assert [fault.reason for fault in reindex.progress().faults] == ["the file is missing"]
    assert reindex.switch(reindex.revision())
    assert reindex.begin(spec("d1"), from_scratch=False)  # the photo with a fault is tried again
    last, copied = 0, []
    while (last := reindex.take_over(last)) is not None:
        copied.append(last)
    assert copied == [photos[1].id, photos[4].id]
    assert reindex.missing(-1, 0, 10) == [photos[2]]


def test_a_cancelled_reindex_stores_nothing_more_and_its_space_is_deleted(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "STEP", 2)
    reindex = ReindexRows(create(tmp_path, 5).database)
    assert reindex.progress() is None
    with pytest.raises(ReindexNotFound):
        reindex.cancel()
    reindex.begin(spec("d1"), from_scratch=False)
    page = embedded(reindex.missing(-1, 0, 10), "d1")
    reindex.keep(page)
    reindex.cancel()
    for step in (lambda: reindex.keep(page), lambda: reindex.switch(0), lambda: reindex.take_over(0)):
        with pytest.raises(ReindexCancelled):
            step()
    reindex.sweep()
    assert spaces(tmp_path) == ["embeddings_1"]
    assert reindex.progress().state == "cancelled"


def test_damaged_photos_do_not_stop_a_reindex(tmp_path):
    gallery = create(tmp_path, 5)
    with gallery.database.transaction() as connection:
        connection.execute("UPDATE photos SET revision = 99 WHERE id = 2")
        connection.execute("UPDATE photos SET label = 'changed' WHERE id = 5")
    reindexer.reindex_all(tmp_path, "d1")
    gallery = Galleries(tmp_path).open("g")
    assert gallery.spec.digest == "d1"
    hits = gallery.search(vector(0, "d1"), 10)
    assert sorted(hit.photo.id for hit in hits) == [1, 3, 4]


def test_damaged_embeddings_are_not_taken_over(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "STEP", 2)
    gallery = create(tmp_path, 5)
    with gallery.database.transaction() as connection:
        connection.execute("UPDATE embeddings_1 SET embedding = zeroblob(24) WHERE id = 3")
        connection.execute("UPDATE embeddings_1 SET embedding = NULL, fault = 'lost' WHERE id = 1")
    reindex = ReindexRows(gallery.database)
    assert reindex.begin(spec("d0"), from_scratch=False)
    last: int | None = 0
    while last is not None:
        last = reindex.take_over(last)
    assert [photo.id for photo in reindex.missing(-1, 0, 10)] == [1, 3]


def test_pictures_become_drawn_with_the_switch_and_not_before(tmp_path):
    gallery = create(tmp_path, 2)
    reindex = ReindexRows(gallery.database)
    assert reindex.begin(spec("d0"), drawn=True, from_scratch=False)  # the same checkpoint
    assert reindex.take_over(0) is None  # the present embeddings are those of photos
    assert reindex.drawn()
    present = Galleries(tmp_path).open("g").spec
    assert (present.drawn, present.expand) == (False, True)
    reindex.keep(embedded(reindex.missing(-1, 0, 10), "d0"))
    assert reindex.switch(reindex.revision())
    switched = Galleries(tmp_path).open("g").spec
    assert (switched.drawn, switched.expand) == (True, False)
    assert not reindex.begin(spec("d0"), from_scratch=False)  # nothing to do
    assert reindex.drawn()
    assert reindex.begin(spec("d0"), drawn=False, from_scratch=False)
    reindex.keep(embedded(reindex.missing(-1, 0, 10), "d0"))
    assert reindex.switch(reindex.revision())
    assert (Galleries(tmp_path).open("g").spec.drawn, Galleries(tmp_path).open("g").spec.expand) == (
        False,
        True,
    )


@pytest.mark.parametrize(
    ("first", "second", "resumes"),
    [(None, None, True), (True, None, True), (True, True, True), (None, True, False), (True, False, False)],
)
def test_an_interrupted_reindex_is_resumed_only_for_the_same_kind_of_pictures(
    tmp_path, first, second, resumes
):
    reindex = ReindexRows(create(tmp_path, 3).database)
    reindex.begin(spec("d1"), drawn=first, from_scratch=False)
    reindex.keep(embedded(reindex.missing(-1, 0, 1), "d1"))
    reindex.fail("killed")
    reindex.begin(spec("d1"), drawn=second, from_scratch=False)
    assert len(reindex.missing(-1, 0, 10)) == (2 if resumes else 3)
    assert reindex.drawn() == bool(first if second is None else second)


def test_a_choice_to_expand_queries_stays_if_the_pictures_stay_what_they_are(tmp_path):
    gallery = create(tmp_path, 1)
    with gallery.database.transaction() as connection:
        set_meta(connection, "expand", "False")
    reindexer.reindex_all(tmp_path, "d1")
    assert Galleries(tmp_path).open("g").spec.expand is False


def test_an_embedding_of_a_picture_that_was_replaced_meanwhile_is_not_kept(tmp_path):
    gallery = create(tmp_path, 3)
    reindex = ReindexRows(gallery.database)
    reindex.begin(spec("d1"), from_scratch=False)
    page = reindex.missing(-1, 0, 10)
    replacing = new(9, "d0")
    with gallery.storing([replacing]) as transaction:
        transaction.replace(page[1].id, replacing)
    reindex.keep(embedded(page, "d1"))
    [replaced] = reindex.missing(-1, 0, 10)
    assert (replaced.id, replaced.sha256) == (page[1].id, replacing.sha256)
    reindex.keep(embedded([replaced], "d1"))
    revision = reindex.revision()
    with gallery.storing([other := new(10, "d0")]) as transaction:  # after its new picture was embedded
        transaction.replace(page[1].id, other)
    assert not reindex.switch(revision)
    assert [photo.sha256 for photo in reindex.missing(-1, 0, 10)] == [other.sha256]
