"""A gallery against a dictionary: any order of adding, removing, searching and losing the index."""

import itertools
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import faiss
import numpy as np
import pytest
import torch
from gallery_photos import embedding, new_photo, run_concurrently, spec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from model.sketch.expansion import expanded_scores
from service.errors import GalleryNotFound, PhotoNotFound
from service.galleries import files, index, index_state
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
from service.galleries.records import Photo


class GalleryMachine(RuleBasedStateMachine):
    """A gallery that two `Galleries` have open, as two processes would, and its expected embeddings."""

    distance = "cosine"

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.galleries = [Galleries(self.root), Galleries(self.root)]
        self.galleries[0].create("g", spec(self.distance))
        self.both = [galleries.open("g") for galleries in self.galleries]
        self.expected: dict[int, np.ndarray] = {}

    def teardown(self) -> None:
        for gallery in self.both:
            gallery.close()
        shutil.rmtree(self.root)

    @rule(numbers=st.lists(st.integers(0, 60), min_size=1, max_size=20), who=st.integers(0, 1))
    def add(self, numbers: list[int], who: int) -> None:
        photos = self.both[who].add([new_photo(number) for number in numbers])
        assert len(photos) == len(numbers)
        for number, photo in zip(numbers, photos, strict=True):
            self.expected[photo.id] = embedding(number)

    @precondition(lambda self: self.expected)
    @rule(data=st.data(), who=st.integers(0, 1))
    def remove(self, data: st.DataObject, who: int) -> None:
        photo_id = data.draw(st.sampled_from(sorted(self.expected)))
        self.both[who].remove(photo_id)
        del self.expected[photo_id]
        with pytest.raises(PhotoNotFound):
            self.both[who].photo(photo_id)

    @rule(seed=st.integers(1000, 1100), k=st.integers(1, 80), who=st.integers(0, 1))
    def search(self, seed: int, k: int, who: int) -> None:
        query = embedding(seed)
        hits = self.both[who].search(query, k)
        scores = {photo_id: self.score(query, vector) for photo_id, vector in self.expected.items()}
        best = sorted(scores.values(), reverse=True)[:k]
        np.testing.assert_allclose([hit.score for hit in hits], best, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose([scores[hit.photo.id] for hit in hits], best, rtol=1e-4, atol=1e-5)

    def score(self, query: np.ndarray, vector: np.ndarray) -> float:
        if self.distance == "cosine":
            return float(query @ vector / np.linalg.norm(query) / np.linalg.norm(vector))
        return float(1 / (1 + np.linalg.norm(query - vector)))

    @rule(who=st.integers(0, 1))
    def save_and_reopen(self, who: int) -> None:
        self.both[who].save_index()
        self.both[who].close()
        self.both[who] = Gallery(self.root / "g")

    @rule(who=st.integers(0, 1), damage=st.booleans())
    def lose_the_index(self, who: int, damage: bool) -> None:
        for path in (self.root / "g" / "index").glob("*.faiss"):
            path.write_bytes(b"damaged") if damage else path.unlink()
        self.both[who].close()
        self.both[who] = Gallery(self.root / "g")

    @precondition(lambda self: self.expected)
    @rule(data=st.data(), first=st.integers(0, 1))
    def remove_and_add_concurrently(self, data: st.DataObject, first: int) -> None:
        photo_id = data.draw(st.sampled_from(sorted(self.expected)))
        number = int(self.both[0].photo(photo_id).sha256, 16)
        added: list[Photo] = []
        calls = [
            lambda: self.both[0].remove(photo_id),
            lambda: added.extend(self.both[1].add([new_photo(number)])),
        ]
        run_concurrently(calls if first == 0 else calls[::-1])
        again = self.both[0].add([new_photo(number)])[0]
        # The old id, if the photo was added before it was removed.
        assert added[0].id in {photo_id, again.id}
        del self.expected[photo_id]
        self.expected[again.id] = embedding(number)

    @rule(who=st.integers(0, 1))
    def delete_and_create_again(self, who: int) -> None:
        self.galleries[who].delete("g")
        for use in (
            lambda: self.both[1 - who].add([new_photo(1)]),
            lambda: self.both[who].count,
            self.both[1 - who].save_index,
        ):
            with pytest.raises(GalleryNotFound):
                use()
        assert not (self.root / "g").exists()
        self.galleries[1 - who].create("g", spec(self.distance))
        self.both = [galleries.open("g") for galleries in self.galleries]
        self.expected = {}

    @invariant()
    def both_processes_see_all_photos(self) -> None:
        pages = [gallery.page(0, 100) for gallery in self.both]
        assert pages[0] == pages[1]
        assert {photo.id for photo in pages[0]} == self.expected.keys()
        for photo in pages[0]:
            assert self.both[0].picture_path(photo).read_bytes() == new_photo(int(photo.sha256, 16)).data
            assert self.both[0].thumbnail_path(photo).read_bytes() == b"small"


class L2Machine(GalleryMachine):
    distance = "l2"


class RebuildMachine(GalleryMachine):
    """The index is rebuilt as soon as it has a few tombstones, while searches continue."""

    def __init__(self) -> None:
        self.constants = pytest.MonkeyPatch()
        self.constants.setattr(index_state, "REBUILD_FROM", 2)
        self.constants.setattr(index, "BUILD_STEP", 7)
        super().__init__()

    def teardown(self) -> None:
        super().teardown()
        self.constants.undo()


TestCosine = GalleryMachine.TestCase
TestL2 = L2Machine.TestCase
TestRebuild = RebuildMachine.TestCase
TestCosine.settings = TestL2.settings = TestRebuild.settings = settings(
    max_examples=10, stateful_step_count=15, deadline=None
)


# searching


def test_a_large_gallery_gets_an_hnsw_index_that_finds_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(index_state, "FLAT_UP_TO", 100)
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


@pytest.mark.parametrize("kind", ["flat", "hnsw"])
def test_an_expanded_search_equals_the_formula_over_all_photos(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(index_state, "FLAT_UP_TO", 1_000 if kind == "flat" else 10)
    gallery = Galleries(tmp_path).create("g", spec())
    assert gallery.search_expanded(embedding(0), 5) == []
    photos = gallery.add([new_photo(number) for number in range(60)])
    gallery.save_index()
    assert gallery.index.kind == kind
    for photo in photos[:7]:
        gallery.remove(photo.id)
    embeddings = torch.from_numpy(np.stack([embedding(number) for number in range(7, 60)]))
    for query in (embedding(number) for number in range(90, 100)):
        scores = expanded_scores(torch.from_numpy(query[None]), embeddings)[0].tolist()
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

        def add_between_transactions():
            if next(transactions) == 1:  # between the removal of the row and that of the files
                added.extend(other.add([new_photo(1)]))
            return transaction()

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
