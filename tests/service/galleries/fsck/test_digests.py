"""A row whose SHA-256 is damaged: a repair restores it, or adding the file again replaces the row."""

import sqlite3

import pytest
from gallery_damage import REPAIR, change, check, first, kinds, photo
from gallery_photos import embedding

from service.errors import GalleryDamaged, PhotoDamaged
from service.galleries.database import DATABASE
from service.galleries.gallery import Gallery

PAGE = 4096
TABLE_LEAF, INDEX_LEAF = 13, 10
"""First bytes of SQLite's pages with rows of a table or of an index."""

ID, REVISION = -14, -2
"""Where a row has its id and the type of its revision, before its SHA-256."""


def flip(gallery: Gallery, number: int, page: int = TABLE_LEAF, byte: int = 10, mask: int = 1) -> None:
    """Change one bit beside or in the SHA-256 of a photo, as a failing disk does.

    Args:
        page: change it in the row, or in SQLite's index.
        byte: its place after the first byte of the SHA-256.
        mask: the bit.
    """
    gallery.close()
    path, digest = gallery.folder / DATABASE, photo(number).sha256.encode()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    data = bytearray(path.read_bytes())
    places = (at for at in range(len(data)) if data.startswith(digest, at))
    [at] = [at for at in places if data[at - at % PAGE] == page]
    data[at + byte] ^= mask
    path.write_bytes(data)


def add_again(gallery: Gallery, number: int) -> None:
    """Add a photo after a restart. It is listed with its old id, and nothing is damaged."""
    again = Gallery(gallery.folder)
    assert again.whole(again.known([photo(number).sha256])) == {}
    [added] = again.add([photo(number)])
    assert added.id == number
    assert [each.id for each in again.page(0, 100)] == list(range(1, 8))
    assert again.database.damage.count == 0
    assert again.known([photo(number).sha256]).keys() == {photo(number).sha256}
    assert [hit.photo.id for hit in again.search(embedding(number), 7)].count(number) == 1
    again.close()


@pytest.mark.parametrize("number", [1, 3, 7])
def test_adding_the_file_again_replaces_the_row_without_a_repair(gallery, number):
    flip(gallery, number)
    add_again(gallery, number)
    assert check(gallery) == []


def test_a_repair_restores_the_sha256_from_the_index(gallery):
    photos = gallery.page(0, 100)
    flip(gallery, 3)
    assert kinds(check(gallery)) == [("database_damaged", False), ("photo_damaged", False)]
    assert kinds(check(gallery, REPAIR)) == [("database_damaged", True)]
    assert check(gallery) == []
    again = Gallery(gallery.folder)
    assert again.page(0, 100) == photos
    assert [each.id for each in again.add([photo(3)])] == [3]


@pytest.mark.parametrize(("byte", "mask"), [(ID, 64), (REVISION, 1)], ids=["id", "revision"])
def test_a_repair_restores_the_id_and_the_revision_from_the_index(gallery, byte, mask):
    """Photo 7 becomes photo 71, or its revision becomes 0 instead of 1."""
    photos = gallery.page(0, 100)
    flip(gallery, 7, byte=byte, mask=mask)
    assert [each.id for each in Gallery(gallery.folder).page(0, 100)] == list(range(1, 7))
    found = kinds(check(gallery, REPAIR))
    assert found == [("database_damaged", True)] * len(found)
    assert check(gallery) == []
    again = Gallery(gallery.folder)
    assert again.page(0, 100) == photos
    assert [each.id for each in again.add([photo(7), photo(20)])] == [7, 8]


@pytest.mark.parametrize("kind", ["picture", "thumbnail"])
def test_a_repair_restores_the_sha256_from_the_name_of_a_file(gallery, kind):
    """The index is lost: an earlier version built it again from the damaged row."""
    photos = gallery.page(0, 100)
    kept, lost = first(gallery, kind), first(gallery, "thumbnail" if kind == "picture" else "picture")
    data = lost.read_bytes()
    lost.unlink()
    flip(gallery, 1)
    change(Gallery(gallery.folder), "REINDEX")
    assert ("photo_damaged", True) in kinds(check(gallery, REPAIR))
    if kind == "thumbnail":
        lost.write_bytes(data)
    assert check(gallery, REPAIR) == []
    digests = [each.sha256 for each in Gallery(gallery.folder).page(0, 100)]
    assert kept.exists() and digests == [each.sha256 for each in photos]


def test_the_index_stays_if_it_may_have_the_only_copy_of_a_sha256(gallery):
    """The label is damaged, too, so nothing proves that the copy is right."""
    flip(gallery, 3)
    change(Gallery(gallery.folder), "UPDATE photos SET label = 'other' WHERE id = 3")
    for _ in range(2):
        found = check(gallery, REPAIR)
        assert {("database_damaged", False), ("photo_damaged", False)} <= set(kinds(found))
        assert any("add their files again" in finding.detail for finding in found)
    add_again(gallery, 3)
    assert check(gallery, REPAIR) == []


@pytest.mark.parametrize("column", ["sha256", "revision"])
def test_a_photo_whose_row_is_damaged_can_be_removed_with_its_files(gallery, column):
    picture = first(gallery, "picture")
    if column == "sha256":
        flip(gallery, 1)
    else:
        change(gallery, "UPDATE photos SET revision = 99 WHERE id = 1")
    again = Gallery(gallery.folder)
    with pytest.raises(PhotoDamaged):
        again.photo(1)
    again.remove(1)
    assert not picture.exists()
    check(gallery, REPAIR)
    assert check(gallery) == []
    assert [each.id for each in again.add([photo(1)])] == [8]


def test_an_intact_row_is_not_replaced_if_the_index_names_it_for_another_photo(gallery):
    """After the SHA-256, the index has the id: 2 instead of 3."""
    photos = gallery.page(0, 100)
    flip(gallery, 3, INDEX_LEAF, byte=64)
    again = Gallery(gallery.folder)
    assert again.known([photo(3).sha256]) == {}
    with pytest.raises(GalleryDamaged, match="names a wrong row, 2"):
        again.add([photo(3)])
    again.close()
    assert kinds(check(gallery, REPAIR)) == [("database_damaged", True)]
    again = Gallery(gallery.folder)
    assert [each.id for each in again.add([photo(3)])] == [3]
    assert again.page(0, 100) == photos


def test_a_row_with_a_damaged_id_gets_a_new_one(gallery):
    """The largest id would leave no id for other photos."""
    change(gallery, f"UPDATE photos SET id = {2**63 - 1} WHERE id = 7")
    again = Gallery(gallery.folder)
    assert [each.id for each in again.add([photo(7)])] == [8]
    assert [each.id for each in again.add([photo(20)])] == [9]


def test_a_file_becomes_a_new_photo_if_no_copy_of_its_sha256_is_left(gallery):
    """The damaged photo can then be removed, and the new one keeps its files."""
    flip(gallery, 3)
    change(Gallery(gallery.folder), "UPDATE photos SET label = 'other' WHERE id = 3")
    change(Gallery(gallery.folder), "REINDEX")
    again = Gallery(gallery.folder)
    [added] = again.add([photo(3)])
    assert added.id == 8
    assert kinds(check(gallery, REPAIR)) == [("photo_damaged", False)]
    again.remove(3)
    check(gallery, REPAIR)
    assert check(gallery) == []
    assert again.picture(again.photo(8)).read() == photo(3).data
