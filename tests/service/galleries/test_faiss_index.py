"""One index against numpy: scores of all distances and both kinds, tombstones, and when to rebuild."""

import numpy as np
import pytest

from service.galleries import faiss_index
from service.galleries.faiss_index import empty_state
from service.galleries.records import Changes

DIM = 8
VECTORS = np.random.default_rng(0).normal(size=(60, DIM)).astype(np.float32)


def filled(distance: str):
    return empty_state(DIM, distance).extend(Changes(1, list(enumerate(VECTORS)), []))


def scores(query: np.ndarray, distance: str) -> np.ndarray:
    if distance == "cosine":
        return VECTORS @ query / np.linalg.norm(VECTORS, axis=1) / np.linalg.norm(query)
    if distance == "inner_product":
        return VECTORS @ query
    return 1 / (1 + np.linalg.norm(VECTORS - query, axis=1))


@pytest.mark.parametrize("distance", ["cosine", "inner_product", "l2"])
@pytest.mark.parametrize("kind", ["flat", "hnsw"])
def test_hits_are_the_nearest_with_their_scores_and_without_removed_photos(monkeypatch, distance, kind):
    if kind == "hnsw":
        monkeypatch.setattr(faiss_index, "FLAT_UP_TO", -1)
    query = np.random.default_rng(1).normal(size=DIM).astype(np.float32)
    expected = scores(query, distance)
    best = [int(photo_id) for photo_id in np.argsort(-expected)]
    state = filled(distance).extend(Changes(2, [], best[:3]))
    assert state.kind == kind
    hits = state.search(query, 10)
    assert [hit.id for hit in hits] == best[3:13]
    np.testing.assert_allclose([hit.score for hit in hits], expected[best[3:13]], rtol=1e-4)


@pytest.mark.parametrize("distance", ["cosine", "inner_product", "l2"])
@pytest.mark.parametrize(("built_for", "compared"), [(50_000, 50_000), (-1, 50_000), (-1, -1)])
def test_a_search_among_some_photos_finds_the_nearest_of_them(monkeypatch, distance, built_for, compared):
    """In a flat index, in a graph with photos compared one by one, and along the graph."""
    query = np.random.default_rng(1).normal(size=DIM).astype(np.float32)
    expected = scores(query, distance)
    best = [int(photo_id) for photo_id in np.argsort(-expected)]
    monkeypatch.setattr(faiss_index, "FLAT_UP_TO", built_for)
    state = filled(distance).extend(Changes(2, [], best[10:14]))
    assert state.kind == ("flat" if built_for > 0 else "hnsw")
    monkeypatch.setattr(faiss_index, "FLAT_UP_TO", compared)
    for wanted in (best[5::2], best[-3:], [best[12]], [], [*best[40:], 999]):
        hits = state.search(query, 10, np.array(wanted, np.int64))
        found = [photo_id for photo_id in best if photo_id in wanted and photo_id not in best[10:14]][:10]
        assert [hit.id for hit in hits] == found
        np.testing.assert_allclose([hit.score for hit in hits], expected[found], rtol=1e-4)


def test_photos_that_were_added_in_another_order_than_their_ids_are_found_among_others():
    order = np.random.default_rng(3).permutation(len(VECTORS)).tolist()
    state = empty_state(DIM, "cosine").extend(Changes(1, [(each, VECTORS[each]) for each in order], []))
    for number in range(0, len(VECTORS), 7):
        [hit] = state.search(-VECTORS[number], 5, np.array([number, 10_000], np.int64))
        assert hit.id == number and hit.score == pytest.approx(-1)


def test_photos_far_from_the_query_are_found_past_the_nearer_ones(monkeypatch):
    """The graph's candidates are all near the query, so none of them is wanted."""
    monkeypatch.setattr(faiss_index, "FLAT_UP_TO", -1)
    monkeypatch.setattr(faiss_index, "EF_SEARCH", 4)
    centres = np.repeat(np.eye(2, DIM, dtype=np.float32), 2_000, axis=0)
    vectors = centres + np.random.default_rng(2).normal(scale=0.05, size=(4_000, DIM)).astype(np.float32)
    state = empty_state(DIM, "cosine").extend(Changes(1, list(enumerate(vectors)), []))
    among = np.arange(2_000, 4_000)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    nearest = 2_000 + np.argsort(-(unit[2_000:] @ unit[0]))[:5]
    assert [hit.id for hit in state.search(vectors[0], 5, among)] == nearest.tolist()


def test_a_photo_that_is_added_again_is_found_once():
    """Its damaged row was written again."""
    state = filled("cosine").extend(Changes(2, [(5, VECTORS[5]), (60, -VECTORS[5])], []))
    hits = [hit.id for hit in state.search(VECTORS[5], 61)]
    assert (sorted(hits), state.count) == (list(range(61)), 61)
    assert (hits[0], hits[-1]) == (5, 60)


def test_an_empty_index_has_no_hits():
    assert empty_state(DIM, "cosine").search(VECTORS[0], 5) == []


def test_an_index_needs_a_rebuild_at_many_tombstones_or_photos(monkeypatch):
    monkeypatch.setattr(faiss_index, "REBUILD_FROM", 2)
    state = filled("cosine")
    assert not state.needs_rebuild
    assert not state.extend(Changes(2, [], list(range(18)))).needs_rebuild  # 30 % of 60
    assert state.extend(Changes(2, [], list(range(19)))).needs_rebuild
    monkeypatch.setattr(faiss_index, "FLAT_UP_TO", 59)
    assert state.needs_rebuild
