"""The counter of photo ids after damage: photos can be added, and no id is given again."""

import pytest
from gallery_damage import REPAIR, change, check, kinds, photo

from service.galleries.gallery import Gallery

HUGE = 2**63 - 1


def add(gallery, number):
    """Add a photo after a restart, and return its id."""
    again = Gallery(gallery.folder)
    try:
        return again.add([photo(number)])[0].id
    finally:
        again.close()


def test_the_id_of_a_damaged_removal_does_not_become_the_counter(gallery):
    gallery.remove(7)
    change(gallery, f"UPDATE removals SET id = {HUGE}")
    found = kinds(check(gallery, REPAIR))
    assert found == [("index_damaged", True), ("removal_damaged", True)]  # the index still has photo 7
    assert check(gallery) == []
    assert add(gallery, 20) == 8


def test_the_damaged_id_of_a_removed_photo_does_not_become_the_counter(gallery):
    """The record of this removal is intact, but the id came from a damaged row."""
    change(gallery, f"UPDATE photos SET id = {HUGE} WHERE id = 7")
    change(gallery, f"UPDATE embeddings_1 SET id = {HUGE} WHERE id = 7")
    gallery.remove(HUGE)
    assert kinds(check(gallery, REPAIR)) == [("index_damaged", True)]
    assert add(gallery, 20) == 8


@pytest.mark.parametrize("value", [HUGE, 2**50, -5, "'text'", "x'00'", "NULL", "1.5"])
def test_a_damaged_counter_is_set_to_the_highest_id(gallery, value):
    gallery.remove(7)
    change(gallery, f"UPDATE sqlite_sequence SET seq = {value}")
    assert kinds(check(gallery, REPAIR)) == [("ids_reused", True)]
    assert check(gallery) == []
    assert add(gallery, 20) == 8


def test_a_lost_or_repeated_counter_is_set_to_the_highest_id(gallery):
    gallery.remove(7)
    change(gallery, "DELETE FROM sqlite_sequence")
    assert kinds(check(gallery, REPAIR)) == [("ids_reused", True)]
    change(gallery, "INSERT INTO sqlite_sequence VALUES ('photos', 3)")
    assert kinds(check(gallery, REPAIR)) == [("ids_reused", True)]
    assert check(gallery) == []
    assert add(gallery, 20) == 8


def test_a_damaged_photo_does_not_delete_the_record_of_a_removed_one(gallery):
    """Its damaged id is that of the removed photo."""
    gallery.remove(7)
    change(gallery, "UPDATE photos SET id = 7 WHERE id = 6")
    assert "removal_damaged" not in {kind for kind, _ in kinds(check(gallery, REPAIR))}
