"""The index by itself: what it answers while another is built, and when what was saved is taken."""

import threading
import time

import numpy as np
import pytest

from service.galleries import index
from service.galleries.index import Index

DIM = 6


class Rows:
    """The vectors of a gallery, and what it tells of its changes."""

    def __init__(self, count: int) -> None:
        self.vectors: dict[int, np.ndarray] = {}
        self.since: dict[int, int] = {}
        self.removals: dict[int, int] = {}
        self.revision = 0
        self.add(count)

    def add(self, count: int = 1) -> int:
        self.revision += 1
        for _ in range(count):
            identity = len(self.since) + 1
            self.vectors[identity] = np.random.default_rng(identity).normal(size=DIM).astype(np.float32)
            self.since[identity] = self.revision
        return len(self.since)

    def remove(self, identity: int) -> None:
        self.revision += 1
        self.removals[identity] = self.revision
        del self.vectors[identity]

    def changes(self, since: int) -> tuple[int, list[tuple[int, np.ndarray]], list[int]]:
        added = [
            (identity, vector) for identity, vector in self.vectors.items() if self.since[identity] > since
        ]
        return (
            self.revision,
            added,
            [identity for identity, revision in self.removals.items() if revision > since],
        )


class Slow(Index):
    """Takes as long as it is told to for a build."""

    def __init__(self, *spec) -> None:
        super().__init__(*spec)
        self.begun, self.go = threading.Event(), threading.Event()
        self.builds = self.built = 0

    def _built(self, *what):
        self.builds += 1
        self.begun.set()
        built = super()._built(*what)
        self.go.wait(5)
        self.built += 1
        return built


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(index, "FLAT_UP_TO", 100)
    monkeypatch.setattr(index, "REBUILD_FROM", 10)


def settled(made: Index, within: float = 5) -> bool:
    until = time.monotonic() + within
    while made._builder is not None and time.monotonic() < until:
        time.sleep(0.01)
    return made._builder is None


def found(made: Index, rows: Rows, k: int = 5, seed: int = 1000) -> list[int]:
    return [
        neighbour.id
        for neighbour in made.search(np.random.default_rng(seed).normal(size=DIM), k, rows.changes)
    ]


def expected(rows: Rows, k: int = 5, seed: int = 1000) -> list[int]:
    query = np.random.default_rng(seed).normal(size=DIM)
    return sorted(
        rows.vectors,
        key=lambda identity: -(rows.vectors[identity] @ query) / np.linalg.norm(rows.vectors[identity]),
    )[:k]


@pytest.mark.parametrize("why", ["outgrown", "tombstones"])
def test_searches_go_on_with_what_is_new_while_another_index_is_built(tmp_path, small, why):
    rows = Rows(101 if why == "outgrown" else 90)
    made = Slow(tmp_path / "index", DIM, "cosine")
    if why == "tombstones":
        found(made, rows)
        for identity in range(1, 41):
            rows.remove(identity)
    for seed in range(5):
        assert found(made, rows, seed=seed) == expected(rows, seed=seed)
        latest = rows.add()
        rows.remove(max(rows.vectors, key=lambda identity: identity % 7))
        assert latest in found(made, rows, k=1000)
        assert sorted(found(made, rows, k=1000)) == sorted(rows.vectors)
        assert made.begun.wait(5)
        assert (made.kind, made.builds, made.built) == ("flat", 1, 0)
    made.go.set()
    assert settled(made)
    assert made.kind == ("hnsw" if why == "outgrown" else "flat")
    assert len(made._state.removed) < 10
    assert sorted(found(made, rows, k=1000)) == sorted(rows.vectors)
    assert (settled(made), made.builds) == (True, 1)


def test_an_index_that_cannot_be_built_leaves_the_one_that_is_there(tmp_path, small, monkeypatch, caplog):
    rows, made = Rows(150), Index(tmp_path / "index", DIM, "cosine")
    tries = []

    def fail(*what):
        tries.append(what)
        raise MemoryError

    monkeypatch.setattr(made, "_built", fail)
    for seed in range(5):
        rows.add()
        assert found(made, rows, seed=seed) == expected(rows, seed=seed)
        made._builder.join()
    assert (made.kind, len(tries)) == ("flat", 1)
    assert "could not be rebuilt" in caplog.text


def test_an_index_that_was_built_is_saved(tmp_path, small):
    rows, made = Rows(150), Index(tmp_path / "index", DIM, "cosine")
    made.search(rows.vectors[1], 1, rows.changes)
    assert settled(made)
    again = Slow(tmp_path / "index", DIM, "cosine")
    assert again.kind == "hnsw"
    latest = rows.add()
    assert latest in found(again, rows, k=1000)
    assert (again.kind, again.builds) == ("hnsw", 0)


def test_an_index_is_not_searched_later_for_being_saved(tmp_path, small, monkeypatch):
    rows, made = Rows(150), Index(tmp_path / "index", DIM, "cosine")
    begun, go, replace = threading.Event(), threading.Event(), index._replace

    def slowly(*what):
        begun.set()
        assert go.wait(5)
        replace(*what)

    monkeypatch.setattr(index, "_replace", slowly)
    found(made, rows)
    assert begun.wait(5)
    latest = rows.add()
    assert latest in found(made, rows, k=1000)
    go.set()
    assert settled(made)


def test_an_index_that_cannot_be_saved_is_searched_all_the_same(tmp_path, small, caplog):
    (tmp_path / "index").write_text("in the way")
    rows, made = Rows(150), Index(tmp_path / "index", DIM, "cosine")
    found(made, rows)
    assert settled(made)
    assert made.kind == "hnsw"
    assert "could not be saved" in caplog.text


def test_closing_ends_a_build(tmp_path, small, monkeypatch):
    monkeypatch.setattr(index, "BUILD_STEP", 1)
    rows, made = Rows(150), Index(tmp_path / "index", DIM, "cosine")
    quickly, steps, begun = made._rows, [], threading.Event()

    def slowly(vectors):
        if threading.current_thread() is not threading.main_thread():
            steps.append(vectors)
            begun.set()
            time.sleep(0.02)
        return quickly(vectors)

    monkeypatch.setattr(made, "_rows", slowly)
    found(made, rows)
    assert begun.wait(5)
    made.close()
    assert not made._builder.is_alive()
    assert len(steps) < 150
    rows.add()
    assert sorted(found(made, rows, k=1000)) == sorted(rows.vectors)
    assert made.kind == "flat"


def test_it_counts_what_was_searched_without_what_was_removed(tmp_path):
    rows, searched = Rows(5), Index(tmp_path / "index", DIM, "cosine")
    assert searched.count == 0
    searched.search(rows.vectors[1], 3, rows.changes)
    rows.add(2)
    rows.remove(2)
    assert searched.count == 5
    searched.search(rows.vectors[1], 3, rows.changes)
    assert searched.count == 6


def test_what_was_saved_is_taken_by_the_first_search(tmp_path, small):
    rows = Rows(150)
    Index(tmp_path / "index", DIM, "cosine").save(rows.changes)
    again = Index(tmp_path / "index", DIM, "cosine")
    assert again.kind == "hnsw"
    asked = []

    def changes(since):
        asked.append(since)
        return rows.changes(since)

    latest = rows.add()
    assert latest in [neighbour.id for neighbour in again.search(rows.vectors[latest], 1, changes)]
    assert asked == [1]


def test_what_was_saved_of_a_later_revision_is_not_taken(tmp_path):
    later = Rows(20)
    later.add(5)
    Index(tmp_path / "index", DIM, "cosine").save(later.changes)
    rows = Rows(3)
    assert sorted(found(Index(tmp_path / "index", DIM, "cosine"), rows)) == [1, 2, 3]


@pytest.mark.parametrize("note", ["", "{}", "[1]", '{"layout": 1}', '{"layout": 1, "sort": 2}'])
def test_a_note_that_says_nothing_is_as_none(tmp_path, note):
    rows, made = Rows(3), Index(tmp_path / "index", DIM, "cosine")
    made.save(rows.changes)
    (tmp_path / "index" / "note.json").write_text(note)
    assert sorted(found(Index(tmp_path / "index", DIM, "cosine"), rows)) == [1, 2, 3]
