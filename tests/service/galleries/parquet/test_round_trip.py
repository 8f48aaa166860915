"""An exported gallery is imported again: the same ids, labels, metadata, thumbnails, scores and order."""

import hashlib
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from gallery_files import embedding, exported, gallery_of, imported, photo, webp

from service.errors import GalleryReindexed, PhotoNotFound
from service.galleries.files import PhotoFiles
from service.galleries.fsck.check import check_gallery
from service.galleries.fsck.finding import Options
from service.galleries.gallery import Gallery
from service.galleries.opened_picture import open_picture
from service.galleries.parquet import exporting, stored
from service.galleries.parquet.exporting import Export
from service.galleries.records import ELSEWHERE
from service.galleries.rows import PhotoRows
from service.galleries.schema import create_space, set_meta
from service.galleries.stored_rows import embedding_values

DATA = webp(200)
UPLOADED = hashlib.sha256(DATA).hexdigest()


def contents(gallery: Gallery) -> list[tuple[object, ...]]:
    """Everything of each photo that a client can see, but where its file is."""
    return [
        (
            *(each.id, each.sha256, each.label, json.dumps(each.metadata), each.content_type),
            *(each.width, each.height, gallery.thumbnail_path(each).read_bytes()),
        )
        for each in gallery.page(0, 10_000)
    ]


def hits(gallery: Gallery, number: int) -> list[tuple[int, float]]:
    return [(hit.photo.id, hit.score) for hit in gallery.search(embedding(number), 50)]


def varied(root):
    """A gallery with gaps in its ids, odd texts, an upload and a photo without an embedding."""
    gallery = gallery_of(
        root,
        *(photo(number, label=f"ラベル {number % 3}", metadata={"n": number}) for number in range(1, 8)),
        photo(8, label=None, metadata={"a": [1, {"b": None}], "é": "line\nbreak", "big": 2**70, "f": 0.1}),
        photo(9, sha256=UPLOADED, data=DATA, source=None, content_type="image/webp"),
        credit="by all",
        drawn=True,
        expand=False,
    )
    gallery.remove(3)
    gallery.add([photo(20)])
    gallery.remove(gallery.page(0, 100)[-1].id)  # its id, 10, is never given again
    with gallery.database.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO embeddings_1 (id, fault, embedding, checksum) VALUES (?, ?, ?, ?)",
            embedding_values(4, None, "its file was gone"),
        )
    return gallery


@pytest.mark.parametrize("distance", ["cosine", "inner_product", "l2"])
@pytest.mark.parametrize("photos", [False, True])
def test_an_imported_gallery_answers_as_the_exported_one(tmp_path, monkeypatch, photos, distance):
    monkeypatch.setattr(stored, "PAGE", 3)  # several pages and row groups
    monkeypatch.setattr(exporting, "PAGE", 3)
    before = varied(tmp_path / "a")
    path, report = exported(before, tmp_path / "g.parquet", photos=photos)
    after, done = imported(path, tmp_path / "b", before.spec)
    assert contents(after) == contents(before) and len(contents(before)) == 8
    for number in range(5):
        assert hits(after, number) == hits(before, number) != []
    for key in ("model", "digest", "domain", "distance", "dim", "credit", "drawn", "expand"):
        assert getattr(after.spec, key) == getattr(before.spec, key)
    assert after.spec.identity != before.spec.identity
    assert (report.photos, report.damaged, report.thumbnails_lost) == (8, 0, 0)
    assert done.photos == 8
    with pytest.raises(PhotoNotFound, match="no embedding"):
        after.embedding(4)
    revision = after.state().revision
    assert after.add([photo(30)])[0].id == before.add([photo(30)])[0].id == 11
    assert [photo_id for photo_id, _ in PhotoRows(after.database).changes(revision).added] == [11]
    after.remove(5)
    before.remove(5)
    assert hits(after, 3) == hits(before, 3)


def test_the_file_is_read_without_this_program(tmp_path):
    gallery = varied(tmp_path / "a")
    path, _ = exported(gallery, tmp_path / "g.parquet")
    table = pq.read_table(path)
    assert table.column("id").to_pylist() == [1, 2, 4, 5, 6, 7, 8, 9]
    assert table.column("image_path").to_pylist()[0] == "/far/1.png"
    assert json.loads(table.column("metadata").to_pylist()[6])["big"] == 2**70
    first = np.array(table.column("embedding").to_pylist()[0], np.float32)
    assert (first == gallery.embedding(1)).all()
    about = json.loads(pq.read_schema(path).metadata[b"iiae"])
    assert (about["format"], about["gallery"], about["model"]) == (1, "g", "m")
    assert (about["digest"], about["dim"], about["distance"]) == ("d" * 64, 6, "cosine")
    assert about["created"] and about["version"]


def test_paths_can_be_left_out(tmp_path):
    gallery = gallery_of(tmp_path / "a", photo(1))
    path, _ = exported(gallery, tmp_path / "g.parquet", paths=False)
    assert pq.read_table(path).column("image_path").to_pylist() == [None]
    assert b"/far/" not in path.read_bytes()
    after, _ = imported(path, tmp_path / "b", gallery.spec)
    assert after.photo(1).source == ELSEWHERE


def test_originals_come_along_if_they_are_wanted(tmp_path):
    local = tmp_path / "local.webp"
    local.write_bytes(webp(201))
    sha256 = hashlib.sha256(webp(201)).hexdigest()
    before = gallery_of(
        tmp_path / "a",
        photo(1, sha256=UPLOADED, data=DATA, source=None, content_type="image/webp"),
        photo(2, sha256=sha256, source=str(local), content_type="image/webp"),
        photo(3, source=str(tmp_path / "gone.png")),
        photo(4, source=str(local)),  # its file has changed
    )
    path, report = exported(before, tmp_path / "with.parquet", photos=True)
    assert (report.originals, report.originals_lost, report.uploads_left) == (2, 2, 0)
    local.unlink()
    after, done = imported(path, tmp_path / "b", before.spec)
    assert (done.originals, done.elsewhere) == (2, 2)
    for photo_id, data in ((1, DATA), (2, webp(201))):
        with after.picture(after.photo(photo_id)) as file:
            assert file.read() == data
    path, report = exported(before, tmp_path / "without.parquet")
    assert (report.originals, report.originals_lost, report.uploads_left) == (0, 0, 1)


def test_a_photo_without_its_original_shows_its_thumbnail_and_says_so(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    before = gallery_of(tmp_path / "a", photo(1, source=str(secret)))
    after, _ = imported(exported(before, tmp_path / "g.parquet")[0], tmp_path / "b", before.spec)
    opened = open_picture(after, 1, small=True)
    with opened.file as file:
        assert file.read() == webp(1) and opened.content_type == "image/webp"
    with pytest.raises(PhotoNotFound, match="original of photo 1 is not here"):
        open_picture(after, 1, small=False)
    after.thumbnail_path(after.photo(1)).unlink()
    with pytest.raises(PhotoNotFound, match="original of photo 1 is not here"):  # not the file at its path
        open_picture(after, 1, small=True)
    again, _ = exported(after, tmp_path / "again.parquet", photos=True)
    assert pq.read_table(again).column("photo").to_pylist() == [None]
    assert pq.read_table(again).column("image_path").to_pylist() == [str(secret)]


def test_an_upload_brings_the_original_back(tmp_path):
    before = gallery_of(tmp_path / "a", photo(1, sha256=UPLOADED, label="kept"))
    after, _ = imported(exported(before, tmp_path / "g.parquet")[0], tmp_path / "b", before.spec)
    assert after.known([UPLOADED]) and not after.whole(after.known([UPLOADED]))
    [stored_photo] = after.add([photo(2, sha256=UPLOADED, data=DATA, source=None, label="new")])
    assert (stored_photo.id, stored_photo.source, stored_photo.label) == (1, None, "kept")
    with after.picture(after.photo(1)) as file:
        assert file.read() == DATA


def test_a_file_that_an_interrupted_upload_left_is_not_the_original(tmp_path):
    """Else the next upload would change nothing."""
    before = gallery_of(tmp_path / "a", photo(1, sha256=UPLOADED))
    after, _ = imported(exported(before, tmp_path / "g.parquet")[0], tmp_path / "b", before.spec)
    PhotoFiles(after.folder).write(UPLOADED, webp(1), DATA)
    assert not after.whole(after.known([UPLOADED]))


@pytest.mark.parametrize("photos", [False, True])
def test_fsck_finds_an_imported_gallery_sound(tmp_path, photos):
    before = varied(tmp_path / "a")
    after, _ = imported(
        exported(before, tmp_path / "g.parquet", photos=photos)[0], tmp_path / "b", before.spec
    )
    after.save_index()
    assert list(check_gallery(after, Options())) == []
    with after.database.transaction() as connection:  # and it does look at its rows
        connection.execute("UPDATE photos SET label = 'changed' WHERE id = 2")
    assert [finding.kind for finding in check_gallery(after, Options())] == ["photo_damaged"]


def test_a_lost_thumbnail_is_counted_and_the_photo_stays(tmp_path):
    before = gallery_of(tmp_path / "a", photo(1), photo(2), photo(3))
    before.thumbnail_path(before.photo(2)).unlink()
    before.thumbnail_path(before.photo(3)).write_bytes(webp(99))
    path, report = exported(before, tmp_path / "g.parquet")
    assert report.thumbnails_lost == 2
    after, done = imported(path, tmp_path / "b", before.spec)
    assert done.thumbnails_lost == 2
    assert hits(after, 1) == hits(before, 1)
    findings = [finding.kind for finding in check_gallery(after, Options(repair=True))]
    assert findings == ["thumbnail_damaged"] * 2


def test_damaged_rows_are_left_out_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "PAGE", 2)
    before = gallery_of(tmp_path / "a", *(photo(number) for number in range(1, 7)))
    with before.database.transaction() as connection:
        connection.execute("UPDATE photos SET label = 'x' WHERE id IN (1, 4, 6)")
        connection.execute("UPDATE embeddings_1 SET fault = 'x' WHERE id = 2")
    path, report = exported(before, tmp_path / "g.parquet")
    assert (report.photos, report.damaged) == (3, 3)
    after, _ = imported(path, tmp_path / "b", before.spec)
    assert [each.id for each in after.page(0, 10)] == [2, 3, 5]
    assert {photo_id for photo_id, _ in hits(after, 1)} == {3, 5}


def test_an_export_has_the_photos_of_its_beginning(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "PAGE", 2)
    monkeypatch.setattr(exporting, "PAGE", 2)
    gallery = gallery_of(tmp_path / "a", *(photo(number) for number in range(1, 6)))
    export = Export(gallery, photos=False, paths=True)
    parts = export.parts()
    first = next(parts)
    gallery.remove(4)
    gallery.add([photo(9)])
    path = tmp_path / "g.parquet"
    path.write_bytes(first + b"".join(parts))
    assert pq.read_table(path).column("id").to_pylist() == [1, 2, 3, 5]
    assert (export.report.photos, export.report.thumbnails_lost) == (4, 0)


def test_a_photo_that_is_removed_while_it_is_read_is_left_out(tmp_path, monkeypatch):
    gallery = gallery_of(tmp_path / "a", photo(1), photo(2))
    read = stored._page

    def read_and_remove(*arguments):
        page = read(*arguments)
        gallery.remove(2)
        return page

    monkeypatch.setattr(stored, "_page", read_and_remove)
    path, report = exported(gallery, tmp_path / "g.parquet")
    assert pq.read_table(path).column("id").to_pylist() == [1]
    assert (report.photos, report.thumbnails_lost, report.damaged) == (1, 0, 0)


def test_a_reindex_ends_an_export(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "PAGE", 2)
    monkeypatch.setattr(exporting, "PAGE", 2)
    gallery = gallery_of(tmp_path / "a", *(photo(number) for number in range(1, 6)))
    parts = Export(gallery, photos=False, paths=True).parts()
    next(parts)
    with gallery.database.transaction() as connection:
        create_space(connection, 2)
        set_meta(connection, "space", "2")
    with pytest.raises(GalleryReindexed):
        list(parts)


def test_an_empty_gallery(tmp_path):
    before = gallery_of(tmp_path / "a")
    after, report = imported(exported(before, tmp_path / "g.parquet")[0], tmp_path / "b", before.spec)
    assert (after.count, report.photos) == (0, 0)
    assert after.add([photo(1)])[0].id == 1
