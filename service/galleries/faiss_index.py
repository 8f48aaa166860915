"""One FAISS index with the ids of its photos. Flat up to `FLAT_UP_TO` photos, HNSW beyond.

`benchmarks/faiss_index.py` measures both kinds and IVF. Removed photos stay in the index as tombstones until
it is rebuilt: HNSW cannot remove vectors, and `IDMap2,IVF` returned wrong ids after a removal with faiss
1.15.1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from service.embedding import Embedding
from service.galleries.records import Changes

FLAT_UP_TO = 50_000
"""Maximum number of photos in a flat index."""
LINKS, EF_CONSTRUCTION, EF_SEARCH = 32, 80, 128
"""Parameters of HNSW: links of a photo, and candidates while building and while searching."""
REBUILD_AT = 0.3
"""Share of tombstones above which the index is rebuilt."""
REBUILD_FROM = 64
"""Number of tombstones up to which the index is not rebuilt, whatever their share."""

REPLACED = 2**62
"""Stands in `ids` where a photo had another picture. It is above every id, and always a tombstone."""
SAME = 1e-6
"""Largest difference between the values of two embeddings of one picture."""


Ids = NDArray[np.int64]
Found = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Distances and positions in the index, best first."""
_NOTHING: Found = (np.empty(0, np.float32), np.empty(0, np.int64))


class Neighbour(NamedTuple):
    """A photo's id and score: the cosine, the inner product, or 1 / (1 + L2 distance)."""

    id: int
    score: float


@dataclass(frozen=True)
class FaissIndex:
    """An index as of one revision of the gallery.

    Attributes:
        faiss: the index. Position i has the photo `ids[i]`.
        ids: photo ids, tombstones included.
        removed: ids of removed photos that are still in the index, and `REPLACED` if it is in `ids`.
        revision: the gallery's revision; -1 if no changes have been applied yet.
        distance: `l2`, `cosine` or `inner_product`.
    """

    faiss: faiss.Index
    ids: NDArray[np.int64]
    removed: frozenset[int]
    revision: int
    distance: str

    @property
    def kind(self) -> str:
        """`flat` or `hnsw`."""
        return "hnsw" if isinstance(self.faiss, faiss.IndexHNSW) else "flat"

    @property
    def count(self) -> int:
        """Number of photos without tombstones."""
        return len(self.ids) - self.tombstones

    @cached_property
    def tombstones(self) -> int:
        """Number of positions whose photo was removed or has another picture now."""
        return len(self.removed - {REPLACED}) + int(np.count_nonzero(self.ids == REPLACED))

    @property
    def needs_rebuild(self) -> bool:
        """Whether to rebuild the index: too many photos for its kind, or too many tombstones."""
        total = len(self.ids)
        too_large = self.kind == "flat" and total > FLAT_UP_TO
        return too_large or self.tombstones > max(REBUILD_FROM, REBUILD_AT * total)

    def search(self, vector: Embedding, k: int, among: Ids | None = None) -> list[Neighbour]:
        """Return the k nearest photos to a vector [dim], best first.

        Args:
            among: the ids of the photos to search. All photos if None.
        """
        query = index_rows([vector], self.distance)
        if among is None:
            fetched = min(k + self.tombstones, len(self.ids))
            distances, positions = self._nearest(query, fetched)
        else:
            distances, positions = self._nearest_among(query, k, among)
        ids = self.ids[positions[positions >= 0]]
        scores = 1 / (1 + np.sqrt(np.maximum(distances, 0))) if self.distance == "l2" else distances
        found = (Neighbour(int(photo_id), float(score)) for photo_id, score in zip(ids, scores, strict=False))
        return [neighbour for neighbour in found if neighbour.id not in self.removed][:k]

    def _nearest(self, query: Embedding, fetched: int) -> Found:
        """Return the nearest positions, tombstones among them."""
        if fetched == 0:
            return _NOTHING
        parameters = None
        if self.kind == "hnsw":
            parameters = _hnsw_parameters(max(EF_SEARCH, fetched), None)
        distances, positions = self.faiss.search(query, fetched, params=parameters)
        return distances[0], positions[0]

    def _nearest_among(self, query: Embedding, k: int, among: Ids) -> Found:
        """Return the nearest positions of some photos, as many as there are, up to k.

        Up to `FLAT_UP_TO` photos are compared one by one, also in an HNSW index, because its graph leads past
        photos that are few. More of them are searched along the graph, with as many more candidates as there
        are other photos. If that does not find k, they are compared one by one.
        """
        wanted = np.zeros(len(self.ids), bool)
        wanted[self._positions(among)] = True
        count = int(np.count_nonzero(wanted))
        if (fetched := min(k, count)) == 0:
            return _NOTHING
        bits = np.packbits(wanted, bitorder="little")
        selector = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
        index = self.faiss
        if isinstance(index, faiss.IndexHNSW):
            if count > FLAT_UP_TO:
                candidates = max(EF_SEARCH, fetched) * len(wanted) // count
                parameters = _hnsw_parameters(candidates, selector)
                distances, positions = index.search(query, fetched, params=parameters)
                if (positions >= 0).all():
                    return distances[0], positions[0]
            index = faiss.downcast_index(index.storage)
        parameters = faiss.SearchParameters()
        parameters.sel = selector
        distances, positions = index.search(query, fetched, params=parameters)
        return distances[0], positions[0]

    def _positions(self, among: Ids) -> NDArray[np.int64]:
        """Return the positions of photos, without those that are not in the index and tombstones."""
        if self.removed:
            among = among[~np.isin(among, np.fromiter(self.removed, np.int64))]
        at = np.searchsorted(self.ids, among, sorter=self._by_id)
        among, at = among[at < len(self.ids)], at[at < len(self.ids)]
        positions: NDArray[np.int64] = at if self._by_id is None else self._by_id[at]
        found: NDArray[np.int64] = positions[self.ids[positions] == among]
        return found

    @cached_property
    def _by_id(self) -> NDArray[np.int64] | None:
        """The positions by ascending id, to find ids without reading all. None if they ascend already."""
        return None if bool((self.ids[1:] > self.ids[:-1]).all()) else np.argsort(self.ids)

    def extend(self, changes: Changes) -> "FaissIndex":
        """Return the state after these changes. Changes `faiss` in place: drop this state.

        A photo that is in the index already stays as it is if its damaged row was written again. If it has
        another picture now, its old embedding becomes a tombstone.
        """
        added = np.array([photo_id for photo_id, _ in changes.added], np.int64)
        ids, is_new = self.ids, ~np.isin(added, self.ids)
        if not is_new.all():
            ids, is_new = self._replace(changes, is_new)
        vectors = [vector for (_, vector), new in zip(changes.added, is_new, strict=True) if new]
        if vectors:
            self.faiss.add(index_rows(vectors, self.distance))
        ids = np.concatenate([ids, added[is_new]])
        removed = (self.removed | frozenset(changes.removed) | {REPLACED}) & frozenset(ids.tolist())
        return FaissIndex(self.faiss, ids, removed, changes.revision, self.distance)

    def _replace(
        self, changes: Changes, is_new: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return `ids` and `is_new` after photos whose embedding differs from the one in the index."""
        ids, is_new = self.ids.copy(), is_new.copy()
        positions = {photo_id: position for position, photo_id in enumerate(ids.tolist())}
        for at in np.flatnonzero(~is_new):
            photo_id, vector = changes.added[at]
            row = index_rows([vector], self.distance)[0]
            if not np.allclose(self.faiss.reconstruct(positions[photo_id]), row, rtol=0, atol=SAME):
                ids[positions[photo_id]] = REPLACED
                is_new[at] = True
        return ids, is_new


def _hnsw_parameters(candidates: int, selector: faiss.IDSelector | None) -> faiss.SearchParameters:
    """Return the parameters of a search along the graph: its candidates, and which photos it may return."""
    create: Callable[..., faiss.SearchParameters]
    create = faiss.SearchParametersHNSW  # type: ignore[attr-defined]  # made by SWIG
    parameters = create(efSearch=candidates)
    if selector is not None:
        parameters.sel = selector
    return parameters


def empty_state(dim: int, distance: str) -> FaissIndex:
    """Return a state without photos, older than any revision."""
    return FaissIndex(new_index(0, dim, distance), np.empty(0, np.int64), frozenset(), -1, distance)


def new_index(count: int, dim: int, distance: str) -> faiss.Index:
    """Return an empty FAISS index of the kind for `count` photos."""
    metric = faiss.METRIC_L2 if distance == "l2" else faiss.METRIC_INNER_PRODUCT
    if count <= FLAT_UP_TO:
        return faiss.IndexFlat(dim, metric)
    index = faiss.IndexHNSWFlat(dim, LINKS, metric)
    index.hnsw.efConstruction = EF_CONSTRUCTION
    return index


def index_rows(vectors: list[Embedding], distance: str) -> Embedding:
    """Return vectors as rows for FAISS, [n, dim]: float32, of length 1 if the distance is the cosine."""
    rows = np.ascontiguousarray(np.stack(vectors), np.float32)
    if distance == "cosine":
        rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return np.ascontiguousarray(rows, np.float32)
