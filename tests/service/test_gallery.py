"""Galleries against a model in numpy: any order of adding, removing, searching, reopening and losing the index."""

import shutil
import sqlite3
import threading
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from service import index
from service.errors import GalleryDamaged, GalleryExists, GalleryNotFound, NameInvalid, PhotoNotFound
from service.galleries import Galleries
from service.gallery import About, Gallery, NewPhoto

DIM = 6


def about(distance: str = "cosine") -> About:
    return About(model="m", digest="d", domain="photo", distance=distance, dim=DIM)


def new(number: int, **changes: object) -> NewPhoto:
    facts: dict[str, object] = {
        "sha256": f"{number:064x}", "embedding": np.random.default_rng(number).normal(size=DIM).astype(np.float32), "content_type": "image/png",
        "width": 3, "height": 4, "thumbnail": b"small", "data": b"picture %d" % number,
    }  # fmt: skip
    return NewPhoto(**(facts | changes))


class Against(RuleBasedStateMachine):
    """A gallery that two Galleries objects have open, as two processes would, and what it should hold."""

    distance = "cosine"

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.root = Path(tempfile.mkdtemp())
        Galleries(self.root).create("g", about(self.distance))
        self.both = [Galleries(self.root).open("g"), Galleries(self.root).open("g")]
        self.held: dict[int, np.ndarray] = {}

    def teardown(self) -> None:
        for gallery in self.both:
            gallery.close()
        shutil.rmtree(self.root)

    @rule(numbers=st.lists(st.integers(0, 60), min_size=1, max_size=20), who=st.integers(0, 1))
    def add(self, numbers: list[int], who: int) -> None:
        photos = self.both[who].add([new(number) for number in numbers])
        assert len(photos) == len(numbers)
        for number, photo in zip(numbers, photos, strict=True):
            self.held[photo.id] = new(number).embedding

    @precondition(lambda self: self.held)
    @rule(data=st.data(), who=st.integers(0, 1))
    def remove(self, data: st.DataObject, who: int) -> None:
        identity = data.draw(st.sampled_from(sorted(self.held)))
        self.both[who].remove(identity)
        del self.held[identity]
        with pytest.raises(PhotoNotFound):
            self.both[who].photo(identity)

    @rule(seed=st.integers(1000, 1100), k=st.integers(1, 80), who=st.integers(0, 1))
    def search(self, seed: int, k: int, who: int) -> None:
        query = np.random.default_rng(seed).normal(size=DIM).astype(np.float32)
        found = self.both[who].search(query, k)
        scores = {identity: self.score(query, vector) for identity, vector in self.held.items()}
        best = sorted(scores.values(), reverse=True)[:k]
        np.testing.assert_allclose([hit.score for hit in found], best, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose([scores[hit.photo.id] for hit in found], best, rtol=1e-4, atol=1e-5)

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

    @invariant()
    def counts_agree(self) -> None:
        assert {gallery.count for gallery in self.both} == {len(self.held)}


class AgainstL2(Against):
    distance = "l2"


TestCosine = Against.TestCase
TestL2 = AgainstL2.TestCase
TestCosine.settings = TestL2.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)


def test_large_galleries_get_hnsw_and_find_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "FLAT_UP_TO", 100)
    gallery = Galleries(tmp_path).create("g", about())
    photos = gallery.add([new(number) for number in range(300)])
    nearest = [gallery.search(new(number).embedding, 1)[0].photo.id for number in range(300)]
    gallery.save_index()
    assert gallery.index.kind == "hnsw"
    nearest += [gallery.search(new(number).embedding, 1)[0].photo.id for number in range(300)]
    assert np.mean([a == b.id for a, b in zip(nearest, photos * 2, strict=True)]) > 0.98
    for photo in photos[:150]:
        gallery.remove(photo.id)
    assert {hit.photo.id for hit in gallery.search(new(0).embedding, 300)} == {photo.id for photo in photos[150:]}


def test_a_query_takes_one_openmp_thread_whoever_asks(tmp_path):
    """The setting holds for the thread that makes it; searches run in a pool's threads."""
    gallery = Galleries(tmp_path).create("g", about())
    gallery.add([new(seed) for seed in range(3)])
    seen: list[int] = []

    def ask() -> None:
        faiss.omp_set_num_threads(2)
        gallery.search(new(0).embedding, 1)
        seen.append(faiss.omp_get_max_threads())

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert seen == [1]


def test_what_was_added_first_keeps_its_label(tmp_path):
    gallery = Galleries(tmp_path).create("g", about())
    first = gallery.add([new(1, label="cat", metadata={"a": 1})])[0]
    assert gallery.add([new(1, label="dog")])[0] == first


def test_owned_pictures_lie_by_content_and_leave_with_their_photo(tmp_path):
    gallery = Galleries(tmp_path).create("g", about())
    photo = gallery.add([new(1)])[0]
    path = gallery.picture_path(photo)
    assert path.read_bytes() == b"picture 1"
    gallery.remove(photo.id)
    assert not path.exists()


def test_files_that_are_referred_to_stay_and_may_vanish(tmp_path):
    own = tmp_path / "mine.png"
    own.write_bytes(b"mine")
    gallery = Galleries(tmp_path / "galleries").create("g", about())
    kept, gone = gallery.add([new(1, data=None, source=str(own)), new(2, data=None, source=str(tmp_path / "gone.png"))])
    assert gallery.picture_path(kept) == own
    with pytest.raises(PhotoNotFound, match="no longer"):
        gallery.picture_path(gone)
    assert gallery.thumbnail_path(gone).read_bytes() == b"small"
    gallery.remove(kept.id)
    assert own.exists()


def test_adding_and_searching_at_once_never_fails(tmp_path):
    gallery = Galleries(tmp_path).create("g", about())
    failures: list[Exception] = []

    def attempt(work) -> None:
        try:
            for number in range(40):
                work(number)
        except Exception as error:
            failures.append(error)

    work = [lambda n, t=t: gallery.add([new(1000 * t + n)]) for t in range(3)] + [lambda n: gallery.search(new(n).embedding, 5)] * 2
    threads = [threading.Thread(target=attempt, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert gallery.count == 120


@pytest.mark.parametrize("name", ["../x", "", ".x", "X", "a/b", "x" * 65])
def test_names_that_are_no_names_are_refused(tmp_path, name):
    with pytest.raises(NameInvalid):
        Galleries(tmp_path).create(name, about())


def test_galleries_are_made_once_deleted_and_made_anew(tmp_path):
    galleries, elsewhere = Galleries(tmp_path), Galleries(tmp_path)
    galleries.create("g", about()).add([new(1)])
    assert elsewhere.open("g").count == 1
    with pytest.raises(GalleryExists):
        elsewhere.create("g", about())
    galleries.delete("g")
    with pytest.raises(GalleryNotFound):
        elsewhere.open("g")
    galleries.create("g", about())
    assert elsewhere.open("g").count == 0
    assert list(tmp_path.iterdir()) == [tmp_path / "g"]


def test_a_damaged_or_newer_file_is_one_clear_error(tmp_path):
    galleries = Galleries(tmp_path)
    galleries.create("g", about()).close()
    with sqlite3.connect(tmp_path / "g" / "gallery.sqlite") as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(GalleryDamaged, match="schema 99"):
        Galleries(tmp_path).open("g")
    for path in (tmp_path / "g").glob("gallery.sqlite*"):
        path.write_bytes(b"damaged" * 1000)
    with pytest.raises(GalleryDamaged, match="cannot be read"):
        Galleries(tmp_path).open("g")
