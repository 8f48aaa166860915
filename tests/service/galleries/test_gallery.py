"""Galleries against a model in numpy: any order of adding, removing, searching, reopening and losing the index."""

import itertools
import os
import resource
import shutil
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import faiss
import numpy as np
import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from model.sketch.expansion import expanded_scores
from service.errors import (
    GalleryDamaged,
    GalleryExists,
    GalleryNotFound,
    NameInvalid,
    PhotoNotFound,
    ServiceError,
)
from service.galleries import collection, database, files, index
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery, GallerySpec, NewPhoto, Photo

DIM = 6


def spec(distance: str = "cosine") -> GallerySpec:
    return GallerySpec(model="m", digest="d", domain="photo", distance=distance, dim=DIM)


def new(number: int, **changes: object) -> NewPhoto:
    facts: dict[str, object] = {
        "sha256": f"{number:064x}",
        "embedding": np.random.default_rng(number).normal(size=DIM).astype(np.float32),
        "content_type": "image/png",
        "width": 3,
        "height": 4,
        "thumbnail": b"small",
        "data": b"picture %d" % number,
    }
    return NewPhoto(**(facts | changes))


def at_once(acts: Sequence[Callable[[], object]]) -> None:
    """Does all of it in a thread each, begun in this order; what one raises is raised."""
    with ThreadPoolExecutor(len(acts)) as threads:
        for done in [threads.submit(act) for act in acts]:
            done.result()


def open_files(folder: Path) -> int:
    """Descriptors of this process in a folder."""
    return sum(
        os.path.realpath(f"/proc/self/fd/{number}").startswith(str(folder.resolve()))
        for number in os.listdir("/proc/self/fd")
    )


class Against(RuleBasedStateMachine):
    """A gallery that two Galleries objects have open, as two processes would, and what it should hold."""

    distance = "cosine"

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.root = Path(tempfile.mkdtemp())
        self.galleries = [Galleries(self.root), Galleries(self.root)]
        self.galleries[0].create("g", spec(self.distance))
        self.both = [galleries.open("g") for galleries in self.galleries]
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

    @precondition(lambda self: self.held)
    @rule(data=st.data(), first=st.integers(0, 1))
    def remove_and_add_at_once(self, data: st.DataObject, first: int) -> None:
        identity = data.draw(st.sampled_from(sorted(self.held)))
        number = int(self.both[0].photo(identity).sha256, 16)
        acts = [lambda: self.both[0].remove(identity), lambda: added.extend(self.both[1].add([new(number)]))]
        added: list[Photo] = []
        at_once(acts if first == 0 else acts[::-1])
        again = self.both[0].add([new(number)])[0]
        assert added[0].id in {
            identity,
            again.id,
        }  # the old one, if it was removed after it was found to be there
        del self.held[identity]
        self.held[again.id] = new(number).embedding

    @rule(who=st.integers(0, 1))
    def delete_and_make_anew(self, who: int) -> None:
        self.galleries[who].delete("g")
        for use in (
            lambda: self.both[1 - who].add([new(1)]),
            lambda: self.both[who].count,
            self.both[1 - who].save_index,
        ):
            with pytest.raises(GalleryNotFound):
                use()
        assert not (self.root / "g").exists()
        self.galleries[1 - who].create("g", spec(self.distance))
        self.both = [galleries.open("g") for galleries in self.galleries]
        self.held = {}

    @invariant()
    def all_agree(self) -> None:
        pages = [gallery.page(0, 100) for gallery in self.both]
        assert pages[0] == pages[1]
        assert {photo.id for photo in pages[0]} == self.held.keys()
        for photo in pages[0]:
            assert self.both[0].picture_path(photo).read_bytes() == new(int(photo.sha256, 16)).data
            assert self.both[0].thumbnail_path(photo).read_bytes() == b"small"


class AgainstL2(Against):
    distance = "l2"


class AgainstRebuilt(Against):
    """Tombstones are cleared as soon as there are a few, while searches go on."""

    def __init__(self) -> None:
        self.constants = pytest.MonkeyPatch()
        self.constants.setattr(index, "REBUILD_FROM", 2)
        self.constants.setattr(index, "BUILD_STEP", 7)
        super().__init__()

    def teardown(self) -> None:
        super().teardown()
        self.constants.undo()


TestCosine = Against.TestCase
TestL2 = AgainstL2.TestCase
TestRebuilt = AgainstRebuilt.TestCase
TestCosine.settings = TestL2.settings = TestRebuilt.settings = settings(
    max_examples=10, stateful_step_count=15, deadline=None
)


def test_large_galleries_get_hnsw_and_find_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "FLAT_UP_TO", 100)
    gallery = Galleries(tmp_path).create("g", spec())
    photos = gallery.add([new(number) for number in range(300)])
    nearest = [gallery.search(new(number).embedding, 1)[0].photo.id for number in range(300)]
    gallery.save_index()
    assert gallery.index.kind == "hnsw"
    nearest += [gallery.search(new(number).embedding, 1)[0].photo.id for number in range(300)]
    assert np.mean([a == b.id for a, b in zip(nearest, photos * 2, strict=True)]) > 0.98
    for photo in photos[:150]:
        gallery.remove(photo.id)
    assert {hit.photo.id for hit in gallery.search(new(0).embedding, 300)} == {
        photo.id for photo in photos[150:]
    }


@pytest.mark.parametrize("kind", ["flat", "hnsw"])
def test_an_expanded_search_scores_every_photo_as_the_whole_of_it_would_be(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(index, "FLAT_UP_TO", 1_000 if kind == "flat" else 10)
    gallery = Galleries(tmp_path).create("g", spec())
    assert gallery.search_expanded(new(0).embedding, 5) == []
    photos = gallery.add([new(number) for number in range(60)])
    gallery.save_index()
    assert gallery.index.kind == kind
    for photo in photos[:7]:
        gallery.remove(photo.id)
    embeddings = torch.from_numpy(np.stack([new(number).embedding for number in range(7, 60)]))
    for query in (new(number).embedding for number in range(90, 100)):
        scores = expanded_scores(torch.from_numpy(query[None]), embeddings)[0].tolist()
        best = sorted(zip(scores, (photo.id for photo in photos[7:]), strict=True), reverse=True)
        for k in (1, 12, 21, 24, 30, 100):  # above 20, what the first hits push out must be there as well
            found = gallery.search_expanded(query, k)
            assert [hit.photo.id for hit in found] == [identity for _, identity in best[:k]]
            assert [hit.score for hit in found] == pytest.approx([score for score, _ in best[:k]], abs=1e-5)


def test_a_query_takes_one_openmp_thread_whoever_asks(tmp_path):
    """The setting holds for the thread that makes it; searches run in a pool's threads."""
    gallery = Galleries(tmp_path).create("g", spec())
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
    gallery = Galleries(tmp_path).create("g", spec())
    first = gallery.add([new(1, label="cat", metadata={"a": 1})])[0]
    assert gallery.add([new(1, label="dog")])[0] == first


def test_owned_pictures_lie_by_content_and_leave_with_their_photo(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    photo = gallery.add([new(1)])[0]
    path = gallery.picture_path(photo)
    assert path.read_bytes() == b"picture 1"
    gallery.remove(photo.id)
    assert not path.exists()


def test_files_that_are_referred_to_stay_and_may_vanish(tmp_path):
    own = tmp_path / "mine.png"
    own.write_bytes(b"mine")
    gallery = Galleries(tmp_path / "galleries").create("g", spec())
    kept, gone = gallery.add(
        [new(1, data=None, source=str(own)), new(2, data=None, source=str(tmp_path / "gone.png"))]
    )
    assert gallery.picture_path(kept) == own
    with pytest.raises(PhotoNotFound, match="no longer"):
        gallery.picture_path(gone)
    assert gallery.thumbnail_path(gone).read_bytes() == b"small"
    gallery.remove(kept.id)
    assert own.exists()


def test_adding_and_searching_at_once_never_fails(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    failures: list[Exception] = []

    def attempt(work) -> None:
        try:
            for number in range(40):
                work(number)
        except Exception as error:
            failures.append(error)

    work = [lambda n, t=t: gallery.add([new(1000 * t + n)]) for t in range(3)] + [
        lambda n: gallery.search(new(n).embedding, 5)
    ] * 2
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
        Galleries(tmp_path).create(name, spec())


def test_galleries_are_made_once_deleted_and_made_anew(tmp_path):
    galleries, elsewhere = Galleries(tmp_path), Galleries(tmp_path)
    galleries.create("g", spec()).add([new(1)])
    assert elsewhere.open("g").count == 1
    with pytest.raises(GalleryExists):
        elsewhere.create("g", spec())
    galleries.delete("g")
    with pytest.raises(GalleryNotFound):
        elsewhere.open("g")
    galleries.create("g", spec())
    assert elsewhere.open("g").count == 0
    assert list(tmp_path.iterdir()) == [tmp_path / "g"]


def test_a_damaged_or_newer_file_is_one_clear_error(tmp_path):
    galleries = Galleries(tmp_path)
    galleries.create("g", spec()).close()
    with sqlite3.connect(tmp_path / "g" / "gallery.sqlite") as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(GalleryDamaged, match="schema 99"):
        Galleries(tmp_path).open("g")
    for path in (tmp_path / "g").glob("gallery.sqlite*"):
        path.write_bytes(b"damaged" * 1000)
    with pytest.raises(GalleryDamaged, match="cannot be read"):
        Galleries(tmp_path).open("g")


# files and threads


def test_threads_that_come_and_go_leave_few_files_open(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    gallery.add([new(1)])
    together = threading.Barrier(6)

    def use() -> None:
        together.wait(5)
        assert gallery.count == 1
        assert gallery.search(new(1).embedding, 1)

    for _ in range(4):
        at_once([use] * 6)
    assert 0 < open_files(tmp_path) <= 2 * database.CONNECTIONS + 1
    gallery.close()
    assert open_files(tmp_path) == 0
    assert gallery.count == 1


def test_only_the_last_galleries_are_kept_open_and_those_in_use(tmp_path, monkeypatch):
    monkeypatch.setattr(collection, "KEPT", 3)
    galleries = Galleries(tmp_path)
    for number in range(8):
        galleries.create(f"g{number}", spec()).add([new(number)])
    used = galleries.open("g0")
    waiting = weakref.ref(galleries.open("g1"))
    for number in range(2, 8):
        assert (
            galleries.open(f"g{number}").search(new(number).embedding, 1)[0].photo.sha256
            == new(number).sha256
        )
    assert waiting() is None
    assert open_files(tmp_path) <= 4 * (2 * database.CONNECTIONS + 1)
    assert used.search(new(0).embedding, 1)
    assert galleries.open("g0") is used
    for number in range(1, 6):
        galleries.open(f"g{number}", keep=False)
    assert open_files(tmp_path / "g0") > 0 and open_files(tmp_path / "g7") > 0
    galleries.close()
    assert open_files(tmp_path) == 0


def test_closing_disturbs_nobody(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    gallery.add([new(1)])
    stop = threading.Event()

    def use() -> None:
        while not stop.is_set():
            assert gallery.count == 1

    def close() -> None:
        for _ in range(100):
            gallery.close()
            time.sleep(0.001)
        stop.set()

    at_once([use, use, close])


# adding, removing and deleting at once


@pytest.mark.parametrize("when", ["before the row", "after the row", "before the file goes"])
def test_a_picture_removed_while_it_is_added_again_is_there(tmp_path, monkeypatch, when):
    galleries, elsewhere = Galleries(tmp_path), Galleries(tmp_path)
    gallery, other = galleries.create("g", spec()), elsewhere.open("g")
    first, added = gallery.add([new(1)])[0], []
    if when == "before the row":
        write, pending = files._write, [first.id]

        def meddle(path: Path, data: bytes, *, durable: bool) -> None:
            write(path, data, durable=durable)
            if durable and pending:
                other.remove(pending.pop())

        monkeypatch.setattr(files, "_write", meddle)
        added += gallery.add([new(1)])
    elif when == "after the row":
        transaction, transactions = gallery._rows.transaction, itertools.count()

        def meddle():
            if next(transactions) == 1:  # between the removal of the row and that of the files
                added.extend(other.add([new(1)]))
            return transaction()

        monkeypatch.setattr(gallery._rows, "transaction", meddle)
        gallery.remove(first.id)
    else:
        unlink, threads = Path.unlink, []

        def meddle(path: Path, missing_ok: bool = False) -> None:
            if not threads:
                threads.append(threading.Thread(target=lambda: added.extend(other.add([new(1)]))))
                threads[0].start()
                threads[0].join(0.3)
            unlink(path, missing_ok=missing_ok)

        monkeypatch.setattr(Path, "unlink", meddle)
        gallery.remove(first.id)
        threads[0].join()
    assert [photo.id for photo in added] == [first.id + 1]
    assert gallery.picture_path(added[0]).read_bytes() == b"picture 1"
    assert gallery.thumbnail_path(added[0]).read_bytes() == b"small"


def test_a_removal_that_is_cut_off_leaves_no_photo_without_its_file(tmp_path, monkeypatch):
    gallery = Galleries(tmp_path).create("g", spec())
    photo, unlink = gallery.add([new(1)])[0], Path.unlink

    def cut_off(path: Path, missing_ok: bool = False) -> None:
        unlink(path, missing_ok=missing_ok)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "unlink", cut_off)
    with pytest.raises(KeyboardInterrupt):
        gallery.remove(photo.id)
    monkeypatch.undo()
    assert [photo for photo in gallery.page(0, 10) if not gallery.picture_path(photo).is_file()] == []
    again = gallery.add([new(1)])[0]
    assert gallery.picture_path(again).is_file() and gallery.thumbnail_path(again).is_file()


def test_the_same_pictures_added_and_removed_by_many_at_once(tmp_path):
    both = [Galleries(tmp_path).create("g", spec()), Galleries(tmp_path).open("g")]
    until = time.monotonic() + 1

    def work(seed: int) -> None:
        chance, gallery = np.random.default_rng(seed), both[seed % 2]
        while time.monotonic() < until:
            photos = gallery.add([new(int(number)) for number in chance.permutation(3)])
            assert len(photos) == 3
            with suppress(PhotoNotFound):
                gallery.remove(photos[0].id)

    at_once([lambda seed=seed: work(seed) for seed in range(4)])
    for photo in both[0].page(0, 100):
        assert both[0].picture_path(photo).is_file() and both[0].thumbnail_path(photo).is_file()


def test_a_gallery_deleted_while_it_is_used_is_not_found_and_its_name_is_free(tmp_path):
    galleries, elsewhere = Galleries(tmp_path), Galleries(tmp_path)
    until = time.monotonic() + 2
    outcomes: set[str] = set()

    def attempt(
        act: Callable[[], object], expected: type[ServiceError] | tuple[type[ServiceError], ...]
    ) -> None:
        try:
            act()
            outcomes.add("done")
        except expected as error:
            outcomes.add(error.code)

    def use(where: Galleries) -> None:
        while time.monotonic() < until:
            for act in (
                lambda gallery: gallery.add([new(1), new(2)]),
                lambda gallery: gallery.search(new(3).embedding, 3),
                Gallery.save_index,
            ):
                attempt(lambda act=act: act(where.open("g")), GalleryNotFound)

    def make_and_delete() -> None:
        while time.monotonic() < until:
            attempt(lambda: galleries.create("g", spec()), ())
            time.sleep(0.01)
            galleries.delete("g")

    at_once(
        [make_and_delete, *(lambda where=where: use(where) for where in (galleries, galleries, elsewhere))]
    )
    assert outcomes == {"done", "gallery_not_found"}
    assert list(tmp_path.iterdir()) == []
    assert elsewhere.create("g", spec()).count == 0


def test_a_folder_without_a_database_becomes_a_gallery(tmp_path):
    galleries = Galleries(tmp_path)
    old = galleries.create("g", spec())
    old.add([new(1)])
    old.save_index()
    kept = {name: (tmp_path / "g" / name).read_bytes() for name in ("gallery.sqlite-wal",)}
    (tmp_path / "g" / "gallery.sqlite").unlink()
    del old
    (tmp_path / "g" / "mine.txt").write_text("mine")
    for name, data in kept.items():
        (tmp_path / "g" / name).write_bytes(data)
    with pytest.raises(GalleryNotFound):
        galleries.open("g")
    gallery = galleries.create("g", spec())
    assert gallery.count == 0
    photos = gallery.add([new(2), new(1)])
    assert [hit.photo.id for hit in gallery.search(new(2).embedding, 1)] == [photos[0].id]
    assert [gallery.picture_path(photo).read_bytes() for photo in photos] == [b"picture 2", b"picture 1"]
    assert (tmp_path / "g" / "mine.txt").read_text() == "mine"
    assert Galleries(tmp_path).open("g").search(new(2).embedding, 1)[0].photo.id == photos[0].id


@pytest.mark.parametrize("there", ["a file", "an empty folder"])
def test_what_has_the_name_of_a_gallery(tmp_path, there):
    if there == "a file":
        (tmp_path / "g").write_text("mine")
        with pytest.raises(GalleryExists):
            Galleries(tmp_path).create("g", spec())
        with pytest.raises(GalleryNotFound):
            Galleries(tmp_path).open("g")
        assert [path.name for path in tmp_path.iterdir()] == ["g"]
    else:
        (tmp_path / "g").mkdir()
        assert Galleries(tmp_path).create("g", spec()).count == 0


def test_folders_whose_names_are_no_names_are_not_listed(tmp_path):
    galleries = Galleries(tmp_path)
    galleries.create("g", spec()).close()
    for name in ("Photos", ".g-deleted", "a b"):
        shutil.copytree(tmp_path / "g", tmp_path / name)
    assert galleries.names() == ["g"]


def test_damaged_galleries_can_be_deleted(tmp_path):
    galleries = Galleries(tmp_path)
    galleries.create("g", spec()).close()
    (tmp_path / "g" / "gallery.sqlite").write_bytes(b"damaged" * 1000)
    with pytest.raises(GalleryDamaged):
        Galleries(tmp_path).open("g")
    Galleries(tmp_path).delete("g")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(GalleryNotFound):
        galleries.delete("g")


def test_damage_that_shows_while_it_is_read_is_one_clear_error(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    gallery.add([new(number) for number in range(50)])
    gallery.close()
    database = tmp_path / "g" / "gallery.sqlite"
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"damaged!" * ((size - 3 * 4096) // 8))
    gallery = Gallery(tmp_path / "g")
    for use in (
        lambda: gallery.count,
        lambda: gallery.page(0, 10),
        lambda: gallery.search(new(1).embedding, 1),
        lambda: gallery.add([new(100)]),
    ):
        with pytest.raises(GalleryDamaged, match="'g' cannot be read"):
            use()


def test_a_full_disk_is_no_damage(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    gallery.add([new(1)])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    full = max(path.stat().st_size for path in (tmp_path / "g").glob("gallery.sqlite*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (full, before[1]))  # no file may grow beyond this
    try:
        with pytest.raises(sqlite3.OperationalError):
            gallery.add([new(number, metadata={"much": "x" * full}) for number in (2, 3)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [photo.sha256 for photo in gallery.page(0, 10)] == [new(1).sha256]
    assert len(gallery.add([new(2)])) == 1


def test_the_index_of_another_gallery_of_the_name_is_not_taken(tmp_path):
    galleries = Galleries(tmp_path)
    old = galleries.create("g", spec())
    old.add([new(1), new(2)])
    old.save_index()
    shutil.copytree(tmp_path / "g" / "index", tmp_path / "index")
    galleries.delete("g")
    gallery = galleries.create("g", spec())
    gallery.add([new(2), new(1)])
    shutil.copytree(tmp_path / "index", tmp_path / "g" / "index")
    gallery = Galleries(tmp_path).open("g")
    assert gallery.search(new(1).embedding, 1)[0].photo.sha256 == new(1).sha256
