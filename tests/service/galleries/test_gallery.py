"""A gallery: searches, the files of photos, and concurrent adding and removing."""

import itertools
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path

import faiss
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from gallery_photos import damage, embedding, new_photo, run_concurrently, spec

from model.sketch.expansion import expanded_scores
from service.errors import PhotoNotFound
from service.galleries import faiss_index, files
from service.galleries import gallery as gallery_module
from service.galleries.collection import Galleries
from service.galleries.photo_filter import PhotoFilter

# searching


def test_a_large_gallery_gets_an_hnsw_index_that_finds_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(faiss_index, "FLAT_UP_TO", 100)
    gallery = Galleries(tmp_path).create("g", spec())
    photos = gallery.add([new_photo(number) for number in range(300)])
    nearest = [gallery.search(embedding(number), 1)[0].photo.id for number in range(300)]
    gallery.save_index()
    assert gallery.index.kind == "hnsw"
    nearest += [gallery.search(embedding(number), 1)[0].photo.id for number in range(300)]
    assert np.mean([a == b.id for a, b in zip(nearest, photos * 2, strict=True)]) > 0.98
    for photo in photos[:150]:
        gallery.remove(photo.id)
    hits = gallery.search(embedding(0), 300)
    assert {hit.photo.id for hit in hits} == {photo.id for photo in photos[150:]}


@pytest.mark.parametrize("distance", ["cosine", "inner_product"])
@pytest.mark.parametrize("kind", ["flat", "hnsw"])
def test_an_expanded_search_equals_the_formula_over_all_photos(tmp_path, monkeypatch, kind, distance):
    monkeypatch.setattr(faiss_index, "FLAT_UP_TO", 1_000 if kind == "flat" else 10)
    gallery = Galleries(tmp_path).create("g", spec(distance))
    assert gallery.search_expanded(embedding(0), 5) == []
    photos = gallery.add([new_photo(number) for number in range(60)])
    gallery.save_index()
    assert gallery.index.kind == kind
    for photo in photos[:7]:
        gallery.remove(photo.id)
    embeddings = torch.from_numpy(np.stack([embedding(number) for number in range(7, 60)]))
    for query in (embedding(number) for number in range(90, 100)):
        codes = torch.from_numpy(query[None]), embeddings
        if distance == "cosine":
            codes = tuple(map(F.normalize, codes))
        scores = expanded_scores(*codes)[0].tolist()
        best = sorted(zip(scores, (photo.id for photo in photos[7:]), strict=True), reverse=True)
        for k in (1, 12, 21, 24, 30, 100):  # above 20, photos displaced by the first hits must be found, too
            hits = gallery.search_expanded(query, k)
            assert [hit.photo.id for hit in hits] == [photo_id for _, photo_id in best[:k]]
            assert [hit.score for hit in hits] == pytest.approx([score for score, _ in best[:k]], abs=1e-5)


def test_a_search_uses_one_openmp_thread_in_any_thread(tmp_path):
    """FAISS's setting is per thread, and searches run in the threads of a pool."""
    gallery = Galleries(tmp_path).create("g", spec())
    gallery.add([new_photo(seed) for seed in range(3)])
    openmp_threads: list[int] = []

    def search() -> None:
        faiss.omp_set_num_threads(2)
        gallery.search(embedding(0), 1)
        openmp_threads.append(faiss.omp_get_max_threads())

    thread = threading.Thread(target=search)
    thread.start()
    thread.join()
    assert openmp_threads == [1]


def test_concurrent_adding_and_searching_never_fails(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())

    def add(start: int) -> None:
        for number in range(40):
            gallery.add([new_photo(start + number)])

    def search() -> None:
        for number in range(40):
            gallery.search(embedding(number), 5)

    run_concurrently([*(lambda start=start: add(start) for start in (0, 1_000, 2_000)), search, search])
    assert gallery.count == 120


def test_the_saved_index_of_a_deleted_gallery_is_ignored(tmp_path):
    galleries = Galleries(tmp_path)
    old = galleries.create("g", spec())
    old.add([new_photo(1), new_photo(2)])
    old.save_index()
    shutil.copytree(tmp_path / "g" / "index", tmp_path / "index")
    galleries.delete("g")
    gallery = galleries.create("g", spec())
    gallery.add([new_photo(2), new_photo(1)])
    shutil.copytree(tmp_path / "index", tmp_path / "g" / "index")
    gallery = Galleries(tmp_path).open("g")
    assert gallery.search(embedding(1), 1)[0].photo.sha256 == new_photo(1).sha256


# files of photos


def test_uploaded_pictures_are_stored_by_content_and_removed_with_their_photo(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    photo = gallery.add([new_photo(1)])[0]
    path = gallery.picture_path(photo)
    assert path.read_bytes() == b"picture 1"
    gallery.remove(photo.id)
    assert not path.exists()


def test_indexed_files_stay_and_may_disappear(tmp_path):
    own = tmp_path / "mine.png"
    own.write_bytes(b"mine")
    gallery = Galleries(tmp_path / "galleries").create("g", spec())
    kept, gone = gallery.add(
        [
            new_photo(1, data=None, source=str(own)),
            new_photo(2, data=None, source=str(tmp_path / "gone.png")),
        ]
    )
    assert gallery.picture_path(kept) == own
    with pytest.raises(PhotoNotFound, match="no longer"):
        gallery.picture_path(gone)
    assert gallery.thumbnail_path(gone).read_bytes() == b"small"
    gallery.remove(kept.id)
    assert own.exists()


# concurrent adding and removing


@pytest.mark.parametrize("when", ["before the row", "after the row", "before the file goes"])
def test_a_picture_removed_while_it_is_added_again_keeps_its_files(tmp_path, monkeypatch, when):
    gallery, other = Galleries(tmp_path).create("g", spec()), Galleries(tmp_path).open("g")
    first, added = gallery.add([new_photo(1)])[0], []
    if when == "before the row":
        write, pending = files._write, [first.id]

        def write_then_remove(path: Path, data: bytes, *, durable: bool) -> None:
            write(path, data, durable=durable)
            if durable and pending:
                other.remove(pending.pop())

        monkeypatch.setattr(files, "_write", write_then_remove)
        added += gallery.add([new_photo(1)])
    elif when == "after the row":
        transaction, transactions = gallery._rows.transaction, itertools.count()

        def add_between_transactions(**options: bool):
            if next(transactions) == 1:  # between the removal of the row and that of the files
                added.extend(other.add([new_photo(1)]))
            return transaction(**options)

        monkeypatch.setattr(gallery._rows, "transaction", add_between_transactions)
        gallery.remove(first.id)
    else:
        unlink, threads = Path.unlink, []

        def add_before_unlink(path: Path, missing_ok: bool = False) -> None:
            if not threads:
                threads.append(threading.Thread(target=lambda: added.extend(other.add([new_photo(1)]))))
                threads[0].start()
                threads[0].join(0.3)
            unlink(path, missing_ok=missing_ok)

        monkeypatch.setattr(Path, "unlink", add_before_unlink)
        gallery.remove(first.id)
        threads[0].join()
    assert [photo.id for photo in added] == [first.id + 1]
    assert gallery.picture_path(added[0]).read_bytes() == b"picture 1"
    assert gallery.thumbnail_path(added[0]).read_bytes() == b"small"


def test_an_interrupted_removal_leaves_no_photo_without_its_file(tmp_path, monkeypatch):
    gallery = Galleries(tmp_path).create("g", spec())
    photo, unlink = gallery.add([new_photo(1)])[0], Path.unlink

    def unlink_then_interrupt(path: Path, missing_ok: bool = False) -> None:
        unlink(path, missing_ok=missing_ok)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "unlink", unlink_then_interrupt)
    with pytest.raises(KeyboardInterrupt):
        gallery.remove(photo.id)
    monkeypatch.undo()
    assert [photo for photo in gallery.page(0, 10) if not gallery.picture_path(photo).is_file()] == []
    again = gallery.add([new_photo(1)])[0]
    assert gallery.picture_path(again).is_file() and gallery.thumbnail_path(again).is_file()


def test_many_threads_add_and_remove_the_same_pictures(tmp_path):
    both = [Galleries(tmp_path).create("g", spec()), Galleries(tmp_path).open("g")]
    until = time.monotonic() + 1

    def add_and_remove(seed: int) -> None:
        rng, gallery = np.random.default_rng(seed), both[seed % 2]
        while time.monotonic() < until:
            photos = gallery.add([new_photo(int(number)) for number in rng.permutation(3)])
            assert len(photos) == 3
            with suppress(PhotoNotFound):
                gallery.remove(photos[0].id)

    run_concurrently([lambda seed=seed: add_and_remove(seed) for seed in range(4)])
    for photo in both[0].page(0, 100):
        assert both[0].picture_path(photo).is_file() and both[0].thumbnail_path(photo).is_file()


def test_many_photos_are_removed_some_at_a_time_with_their_files(tmp_path, monkeypatch):
    monkeypatch.setattr(gallery_module, "REMOVED_TOGETHER", 3)
    gallery = Galleries(tmp_path).create("g", spec())
    gallery.add([new_photo(number, label="even" if number % 2 == 0 else "odd") for number in range(20)])
    gallery = damage(gallery, "UPDATE photos SET width = 99 WHERE id = 5")  # photo 4, which is even
    assert gallery.remove_all(PhotoFilter(labels=("even",))) == 9
    assert [photo.label for photo in gallery.page(0, 100)] == ["odd"] * 10
    assert gallery.count == 11  # the damaged row stays for a repair: its label may be wrong
    left = {new_photo(number).sha256 for number in (*range(1, 20, 2), 4)}
    for kind in ("photos/*/*", "thumbnails/*/*"):
        assert {path.name.removesuffix(".webp") for path in gallery.folder.glob(kind)} == left
    assert len(gallery.search(embedding(0), 100)) == 10
    assert gallery.remove_all(PhotoFilter(labels=("even",))) == 0
