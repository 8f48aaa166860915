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
