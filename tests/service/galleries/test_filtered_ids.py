"""The ids that a filter selects follow every change of the gallery, also one of another process."""

import pytest
from gallery_photos import embedding, labelled_gallery, new_photo

from service.galleries import filtered_ids
from service.galleries.filtered_ids import FilteredIds
from service.galleries.gallery import Gallery
from service.galleries.photo_filter import PhotoFilter

THIRD = PhotoFilter(labels=("thing 3", "other"))


@pytest.mark.parametrize("kept_ids", [100_000, 0])
def test_ids_follow_changes_of_another_process(tmp_path, monkeypatch, kept_ids):
    monkeypatch.setattr(filtered_ids, "KEPT_IDS", kept_ids)
    gallery = labelled_gallery(tmp_path)
    other = Gallery(gallery.folder)
    ids = FilteredIds(gallery.database)
    assert ids.get(THIRD).tolist() == [3]
    other.change(5, {"label": "other"})
    assert ids.get(THIRD).tolist() == [3, 5]
    other.add([new_photo(20, label="other")])
    assert ids.get(THIRD).tolist() == [3, 5, 8]
    other.remove(3)
    assert ids.get(THIRD).tolist() == [5, 8]


def test_ids_are_kept_while_nothing_changes(tmp_path, monkeypatch):
    gallery = labelled_gallery(tmp_path)
    ids = FilteredIds(gallery.database)
    first = ids.get(THIRD)
    assert ids.get(THIRD) is first
    for number in range(filtered_ids.KEPT):
        ids.get(PhotoFilter(labels=(str(number),)))
    assert ids.get(THIRD) is not first


def test_a_search_returns_as_many_hits_as_meet_the_filter(tmp_path):
    gallery = labelled_gallery(tmp_path)
    gallery.change(7, {"label": "thing 3"})
    for search in (gallery.search, gallery.search_expanded):
        assert sorted(hit.photo.id for hit in search(embedding(1), 2, THIRD)) == [3, 7]
        assert [hit.photo.id for hit in search(embedding(7), 1, THIRD)] == [7]
        assert search(embedding(1), 2, PhotoFilter(labels=("nothing",))) == []


def test_the_filters_used_last_are_kept_as_long_as_their_ids_are_few(tmp_path, monkeypatch):
    monkeypatch.setattr(filtered_ids, "KEPT_IDS", 9)
    gallery = labelled_gallery(tmp_path)  # of seven photos
    ids = FilteredIds(gallery.database)
    third, all_but_first = ids.get(THIRD), PhotoFilter(ids=(2, 3, 4, 5, 6, 7))
    many = ids.get(all_but_first)
    assert ids.get(THIRD) is third and ids.get(all_but_first) is many
    ids.get(PhotoFilter(ids=(1, 2, 3)))
    assert ids.get(all_but_first) is many
    assert ids.get(THIRD) is not third
