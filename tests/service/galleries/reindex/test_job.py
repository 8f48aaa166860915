"""A reindex job: the switch, progress, cancelling, faults, and what is left in the file."""

import hashlib
import os
from dataclasses import replace
from io import BytesIO

import pytest
import reindexer
from PIL import Image
from reindexer import create, embedded, new, number_of, spaces, spec, vector

from model.iiae_inference import IIAEInference
from model.inference import NoDrawing
from service.errors import GalleryNotFound, ReindexCancelled, StorageFull
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
from service.galleries.reindex import job as job_module
from service.galleries.reindex.job import ReindexJob, cancel_reindex, last_progress, read_photo
from service.galleries.reserve import Reserve


def test_photos_added_after_the_last_page_are_embedded_before_the_switch(tmp_path):
    gallery = create(tmp_path, 3)
    with ReindexJob(gallery, spec("d1")) as job:
        for page in job.pages():
            job.keep(embedded(page, "d1"))
        late = gallery.add([new(7, "d0")])[0]
        job.switch()
        assert not job.switched
        pages = list(job.pages())
        assert [[photo.id for photo in page] for page in pages] == [[late.id]]
        job.keep(embedded(pages[0], "d1"))
        job.switch()
        assert job.switched
    assert Galleries(tmp_path).open("g").search(vector(7, "d1"), 1)[0].photo.id == late.id


def test_a_reindex_that_ends_during_a_look_at_its_progress_has_not_failed(tmp_path, monkeypatch):
    gallery = create(tmp_path, 3)
    job = ReindexJob(gallery, spec("d1"))
    for page in job.pages():
        job.keep(embedded(page, "d1"))

    def end_then_unlocked(_: Gallery) -> bool:  # between the look at the rows and the look at the lock
        job.switch()
        job.end()
        return False

    monkeypatch.setattr(job_module, "is_locked", end_then_unlocked)
    assert (last_progress(gallery).state, last_progress(gallery).error) == (
        "done",
        None,
    )


@pytest.mark.timeout(30)  # opening a FIFO waits forever
def test_a_fifo_instead_of_a_photos_files_is_a_fault(tmp_path):
    gallery = create(tmp_path, 1)
    [photo] = gallery.page(0, 1)
    for path in (gallery._files.picture(photo.sha256), gallery.thumbnail_path(photo)):
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(path)
    read = read_photo(gallery, IIAEInference.__new__(IIAEInference), "x", photo)
    assert (read.pixels, read.fault) == (None, "its file is gone")


def test_a_gallery_does_not_switch_before_all_pages_are_kept(tmp_path):
    with ReindexJob(create(tmp_path, 3), spec("d1")) as job:
        list(job.pages())
        with pytest.raises(RuntimeError, match="3 photos"):
            job.switch()
    assert Galleries(tmp_path).open("g").spec.digest == "d0"


def test_old_embeddings_are_deleted_from_the_file(tmp_path):
    gallery = create(tmp_path, 40)
    reindexer.reindex_all(tmp_path, "d2")
    assert spaces(tmp_path) == ["embeddings_2"]
    with ReindexJob(Galleries(tmp_path).open("g"), spec("d1")) as job:
        job.keep(embedded(next(job.pages()), "d1"))
        assert spaces(tmp_path) == ["embeddings_2", "embeddings_3"]
        cancel_reindex(gallery)
        with pytest.raises(ReindexCancelled):
            job.switch()
    assert spaces(tmp_path) == ["embeddings_2"]


def test_cancelling_an_interrupted_reindex_deletes_its_embeddings(tmp_path):
    gallery = create(tmp_path, 40)
    job = ReindexJob(gallery, spec("d1"))
    job.keep(embedded(next(job.pages()), "d1"))
    job.end(KeyboardInterrupt())
    assert spaces(tmp_path) == ["embeddings_1", "embeddings_2"]
    cancel_reindex(gallery)
    assert spaces(tmp_path) == ["embeddings_1"]


def test_an_empty_drawing_is_a_fault(tmp_path, monkeypatch):
    def prepare(*_):
        raise NoDrawing("there is no ink")

    monkeypatch.setattr(IIAEInference, "prepare", prepare)
    monkeypatch.setattr(IIAEInference, "smallest_side", lambda *_: 1024)
    monkeypatch.setattr(IIAEInference, "takes_drawings", lambda *_: True)
    blank = BytesIO()
    Image.new("RGB", (8, 8), "white").save(blank, "PNG")
    sha256 = hashlib.sha256(blank.getvalue()).hexdigest()
    gallery = create(tmp_path, 0)
    [photo] = gallery.add(
        [
            replace(
                new(0, "d0"),
                sha256=sha256,
                data=blank.getvalue(),
                thumbnail=blank.getvalue(),
                width=8,
                height=8,
            )
        ]
    )
    found = read_photo(gallery, IIAEInference.__new__(IIAEInference), "x", photo)
    assert (found.pixels, found.fault) == (None, "there is no ink")


def test_the_saved_index_of_the_old_embeddings_is_ignored(tmp_path):
    create(tmp_path, 20).save_index()
    reindexer.reindex_all(tmp_path, "d1")  # of the same length, so the old index would fit
    gallery = Galleries(tmp_path).open("g")
    for number in range(20):
        assert number_of(gallery.search(vector(number, "d1"), 1)[0].photo) == number
    gallery.save_index()
    assert len(list((tmp_path / "g" / "index").glob("*.faiss"))) == 1


def test_deleting_the_gallery_ends_its_reindex(tmp_path):
    galleries = Galleries(tmp_path)
    create(tmp_path, 5)
    job = ReindexJob(galleries.open("g"), spec("d1"))
    page = next(job.pages())
    galleries.delete("g")
    with pytest.raises(GalleryNotFound) as error:
        job.keep(embedded(page, "d1"))
    job.end(error.value)
    assert {path.name for path in tmp_path.iterdir()} <= {Reserve(tmp_path).path.name}


def test_a_reindex_on_a_full_disk_keeps_the_old_embeddings_and_can_be_resumed(small_disk):
    gallery = create(small_disk.folder, 40)

    def reindex_while_the_disk_fills() -> None:
        with ReindexJob(gallery, spec("d1")) as job:
            small_disk.fill()
            for page in job.pages():
                job.keep(embedded(page, "d1"))
                small_disk.fill()
            job.switch()

    with pytest.raises(StorageFull):
        reindex_while_the_disk_fills()
    assert gallery.search(vector(7, "d0"), 1)[0].photo.id == 8
    assert last_progress(gallery).state == "failed"
    small_disk.free()
    reindexer.reindex_all(small_disk.folder, "d1")
    switched = Galleries(small_disk.folder).open("g")
    assert switched.search(vector(7, "d1"), 1)[0].photo.id == 8
    assert (last_progress(switched).state, last_progress(switched).done) == ("done", 40)
