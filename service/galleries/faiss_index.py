"""One FAISS index with the ids of its photos. Flat up to `FLAT_UP_TO` photos, HNSW beyond.

`benchmarks/faiss_index.py` measures both kinds and IVF. Removed photos stay in the index as tombstones until
it is rebuilt: HNSW cannot remove vectors, and `IDMap2,IVF` returned wrong ids after a removal with faiss
1.15.1.
"""

from dataclasses import dataclass
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
        removed: ids of removed photos that are still in the index.
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
        return len(self.ids) - len(self.removed)

    @property
    def needs_rebuild(self) -> bool:
        """Whether to rebuild the index: too many photos for its kind, or too many tombstones."""
        total = len(self.ids)
        too_large = self.kind == "flat" and total > FLAT_UP_TO
        return too_large or len(self.removed) > max(REBUILD_FROM, REBUILD_AT * total)

    def search(self, vector: Embedding, k: int) -> list[Neighbour]:
        """Return the k nearest photos to a vector [dim], best first."""
        fetched = min(k + len(self.removed), len(self.ids))
        if fetched == 0:
            return []
        parameters = None
        if self.kind == "hnsw":
            search_parameters = faiss.SearchParametersHNSW  # type: ignore[attr-defined]  # made by SWIG
            parameters = search_parameters(efSearch=max(EF_SEARCH, fetched))
        distances, positions = self.faiss.search(
            index_rows([vector], self.distance), fetched, params=parameters
        )
        ids = self.ids[positions[0][positions[0] >= 0]]
        scores = 1 / (1 + np.sqrt(np.maximum(distances[0], 0))) if self.distance == "l2" else distances[0]
        found = (Neighbour(int(photo_id), float(score)) for photo_id, score in zip(ids, scores, strict=False))
        return [neighbour for neighbour in found if neighbour.id not in self.removed][:k]

    def extend(self, changes: Changes) -> "FaissIndex":
        """Return the state after these changes. Changes `faiss` in place: drop this state.

        A photo that is in the index already stays as it is: its damaged row was written again.
        """
        added = np.array([photo_id for photo_id, _ in changes.added], np.int64)
        is_new = ~np.isin(added, self.ids)
        vectors = [vector for (_, vector), new in zip(changes.added, is_new, strict=True) if new]
        added = added[is_new]
        if vectors:
            self.faiss.add(index_rows(vectors, self.distance))
        ids = np.concatenate([self.ids, added])
        removed = self.removed | frozenset(changes.removed) & frozenset(ids.tolist())
        return FaissIndex(self.faiss, ids, removed, changes.revision, self.distance)


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
