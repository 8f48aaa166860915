"""The index alone: searches during a rebuild, and which saved index is loaded."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from service.deadline import Deadline, shared_deadline
from service.errors import GalleryBusy
from service.galleries import faiss_index, index, index_file
from service.galleries.index import Index
from service.galleries.records import Changes

DIM = 6


class Rows:
    """The embeddings of a gallery, and its changes."""

    def __init__(self, count: int) -> None:
        self.vectors: dict[int, np.ndarray] = {}
        self.added_at: dict[int, int] = {}
        self.removed_at: dict[int, int] = {}
        self.revision = 0
        self.add(count)

    def add(self, count: int = 1) -> int:
        self.revision += 1
        for _ in range(count):
            photo_id = len(self.added_at) + 1
            self.vectors[photo_id] = np.random.default_rng(photo_id).normal(size=DIM).astype(np.float32)
            self.added_at[photo_id] = self.revision
        return len(self.added_at)

    def remove(self, photo_id: int) -> None:
        self.revision += 1
        self.removed_at[photo_id] = self.revision
        del self.vectors[photo_id]

    def changes(self, since: int) -> Changes:
        added = [(key, vector) for key, vector in self.vectors.items() if self.added_at[key] > since]
        removed = [key for key, revision in self.removed_at.items() if revision > since]
        return Changes(self.revision, added, removed)


class SlowIndex(Index):
    """An index whose build waits for `go`."""

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self.started, self.go = threading.Event(), threading.Event()
        self.builds = self.built = 0

    def _build(self, *args):
        self.builds += 1
        self.started.set()
        built = super()._build(*args)
        self.go.wait(5)
        self.built += 1
        return built


@pytest.fixture
def small(monkeypatch):
    """Constants at which a small index is rebuilt."""
    monkeypatch.setattr(faiss_index, "FLAT_UP_TO", 100)
    monkeypatch.setattr(faiss_index, "REBUILD_FROM", 10)


def wait_for_rebuild(searched: Index, within: float = 5) -> bool:
    until = time.monotonic() + within
    while searched._builder is not None and time.monotonic() < until:
        time.sleep(0.01)
    return searched._builder is None


def search(searched: Index, rows: Rows, k: int = 5, seed: int = 1000) -> list[int]:
    query = np.random.default_rng(seed).normal(size=DIM)
    return [neighbour.id for neighbour in searched.search(query, k, rows.changes)]


def expected(rows: Rows, k: int = 5, seed: int = 1000) -> list[int]:
    query = np.random.default_rng(seed).normal(size=DIM)

    def distance(photo_id: int) -> float:
        vector = rows.vectors[photo_id]
        return float(-(vector @ query) / np.linalg.norm(vector))

    return sorted(rows.vectors, key=distance)[:k]


@pytest.mark.parametrize("why", ["too large", "tombstones"])
def test_searches_find_new_photos_while_the_index_is_rebuilt(tmp_path, small, why):
    rows = Rows(101 if why == "too large" else 90)
    searched = SlowIndex(tmp_path / "index", DIM, "cosine")
    if why == "tombstones":
        search(searched, rows)
        for photo_id in range(1, 41):
            rows.remove(photo_id)
    for seed in range(5):
        assert search(searched, rows, seed=seed) == expected(rows, seed=seed)
        latest = rows.add()
        rows.remove(max(rows.vectors, key=lambda photo_id: photo_id % 7))
        assert latest in search(searched, rows, k=1000)
        assert sorted(search(searched, rows, k=1000)) == sorted(rows.vectors)
        assert searched.started.wait(5)
        assert (searched.kind, searched.builds, searched.built) == ("flat", 1, 0)
    searched.go.set()
    assert wait_for_rebuild(searched)
    assert searched.kind == ("hnsw" if why == "too large" else "flat")
    assert len(searched._state.removed) < 10
    assert sorted(search(searched, rows, k=1000)) == sorted(rows.vectors)
    assert (wait_for_rebuild(searched), searched.builds) == (True, 1)


def test_a_failed_rebuild_keeps_the_old_index_and_is_not_repeated(tmp_path, small, monkeypatch, caplog):
    rows, searched = Rows(150), Index(tmp_path / "index", DIM, "cosine")
    attempts = []

    def fail(*args):
        attempts.append(args)
        raise MemoryError

    monkeypatch.setattr(searched, "_build", fail)
    for seed in range(5):
        rows.add()
        assert search(searched, rows, seed=seed) == expected(rows, seed=seed)
        searched._builder.join()
    assert (searched.kind, len(attempts)) == ("flat", 1)
    assert "cannot rebuild the index" in caplog.text


def test_a_rebuilt_index_is_saved(tmp_path, small):
    rows, searched = Rows(150), Index(tmp_path / "index", DIM, "cosine")
    searched.search(rows.vectors[1], 1, rows.changes)
    assert wait_for_rebuild(searched)
    again = SlowIndex(tmp_path / "index", DIM, "cosine")
    assert again.kind == "hnsw"
    latest = rows.add()
    assert latest in search(again, rows, k=1000)
    assert (again.kind, again.builds) == ("hnsw", 0)


def test_a_search_does_not_wait_for_saving(tmp_path, small, monkeypatch):
    rows, searched = Rows(150), Index(tmp_path / "index", DIM, "cosine")
    started, go, replace = threading.Event(), threading.Event(), index_file.write_whole

    def slow_replace(*args, durable):
        started.set()
        assert go.wait(5)
        replace(*args, durable=durable)

    monkeypatch.setattr(index_file, "write_whole", slow_replace)
    search(searched, rows)
    assert started.wait(5)
    latest = rows.add()
    assert latest in search(searched, rows, k=1000)
    go.set()
    assert wait_for_rebuild(searched)


def test_an_index_that_cannot_be_saved_is_searched(tmp_path, small, caplog):
    (tmp_path / "index").write_text("in the way")
    rows, searched = Rows(150), Index(tmp_path / "index", DIM, "cosine")
    search(searched, rows)
    assert wait_for_rebuild(searched)
    assert searched.kind == "hnsw"
    assert "cannot save the index" in caplog.text


def test_closing_stops_a_rebuild(tmp_path, small, monkeypatch):
    monkeypatch.setattr(index, "BUILD_STEP", 1)
    rows, searched = Rows(150), Index(tmp_path / "index", DIM, "cosine")
    index_rows, steps, started = index.index_rows, [], threading.Event()

    def slow_rows(*args):
        steps.append(args)
        started.set()
        time.sleep(0.02)
        return index_rows(*args)

    monkeypatch.setattr(index, "index_rows", slow_rows)
    search(searched, rows)
    assert started.wait(5)
    searched.close()
    assert not searched._builder.is_alive()
    assert len(steps) < 150
    rows.add()
    assert sorted(search(searched, rows, k=1000)) == sorted(rows.vectors)
    assert searched.kind == "flat"


def test_the_count_is_of_the_last_search_without_removed_photos(tmp_path):
    rows, searched = Rows(5), Index(tmp_path / "index", DIM, "cosine")
    assert searched.count == 0
    searched.search(rows.vectors[1], 3, rows.changes)
    rows.add(2)
    rows.remove(2)
    assert searched.count == 5
    searched.search(rows.vectors[1], 3, rows.changes)
    assert searched.count == 6


def test_the_first_search_loads_the_saved_index(tmp_path, small):
    rows = Rows(150)
    Index(tmp_path / "index", DIM, "cosine").save(rows.changes)
    again = Index(tmp_path / "index", DIM, "cosine")
    assert again.kind == "hnsw"
    revisions = []

    def changes(since):
        revisions.append(since)
        return rows.changes(since)

    latest = rows.add()
    assert latest in [neighbour.id for neighbour in again.search(rows.vectors[latest], 1, changes)]
    assert revisions == [1]


def test_a_search_does_not_wait_long_for_one_that_stalls(tmp_path):
    rows, searched = Rows(20), Index(tmp_path / "index", DIM, "cosine")
    search(searched, rows)
    reading, answers = threading.Event(), threading.Event()

    def stalling_changes(since):
        reading.set()
        assert answers.wait(20)
        return rows.changes(since)

    with ThreadPoolExecutor(1) as threads:
        stalled = threads.submit(searched.search, rows.vectors[1], 3, stalling_changes)
        try:
            assert reading.wait(10)
            with shared_deadline(Deadline(time.monotonic() + 0.2)), pytest.raises(GalleryBusy):
                search(searched, rows)
        finally:
            answers.set()
        assert stalled.result()
    assert search(searched, rows)
