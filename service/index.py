"""The FAISS index of one gallery: derived from its rows, kept on disk with a checksum, rebuilt when lost.

Flat up to `FLAT_UP_TO` photos, HNSW beyond (benchmarks/faiss_index.py has the measurement). Neither forgets a
vector well (HNSW cannot, and `IDMap2,IVF` returned wrong ids after a removal on faiss 1.15.1), so removed photos
are tombstones until the next rebuild.
"""

import hashlib
import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

FLAT_UP_TO = 50_000
LAYOUT = 1
LINKS, EF_CONSTRUCTION, EF_SEARCH = 32, 80, 128
REBUILD_AT = 0.3
"""Share of tombstones at which the index is rebuilt."""

Vector = NDArray[np.float32]
Changes = Callable[[int], tuple[int, list[tuple[int, Vector]], list[int]]]
"""Given a revision: the present one, and the vectors added and the ids removed since."""


@dataclass(frozen=True)
class Neighbour:
    """An id and its score: the cosine, or 1 / (1 + L2 distance)."""

    id: int
    score: float


@dataclass(frozen=True)
class _State:
    """One consistent index; replaced as a whole where it cannot be extended."""

    faiss: faiss.Index
    ids: NDArray[np.int64]
    removed: frozenset[int]
    revision: int


class Index:
    """Searches and catches up; thread-safe. One OpenMP thread a query is faster than two."""

    def __init__(self, folder: Path, dim: int, distance: str) -> None:
        self.folder, self.dim, self.distance = folder, dim, distance
        self._lock = threading.Lock()
        self._state = self._empty()

    @property
    def kind(self) -> str:
        """`flat` or `hnsw`."""
        return "hnsw" if isinstance(self._state.faiss, faiss.IndexHNSW) else "flat"

    @property
    def revision(self) -> int:
        """The gallery's revision that the index stands at."""
        return self._state.revision

    def search(self, vector: Vector, k: int, changes: Changes) -> list[Neighbour]:
        """The k nearest to `vector` [dim], best first, as of now."""
        faiss.omp_set_num_threads(1)  # holds for the calling thread alone
        with self._lock:
            self._catch_up(changes)
            state = self._state
            wanted = min(k + len(state.removed), len(state.ids))
            if wanted == 0:
                return []
            parameters = faiss.SearchParametersHNSW(efSearch=max(EF_SEARCH, wanted)) if self.kind == "hnsw" else None  # type: ignore[attr-defined]  # made by SWIG when it is imported
            distances, places = state.faiss.search(self._rows([vector]), wanted, params=parameters)
        ids = state.ids[places[0][places[0] >= 0]]
        scores = distances[0] if self.distance == "cosine" else 1 / (1 + np.sqrt(np.maximum(distances[0], 0)))
        found = (Neighbour(int(identity), float(score)) for identity, score in zip(ids, scores, strict=False))
        return [neighbour for neighbour in found if neighbour.id not in state.removed][:k]

    def catch_up(self, changes: Changes) -> None:
        """Takes in what the gallery has changed since."""
        with self._lock:
            self._catch_up(changes)

    def _catch_up(self, changes: Changes) -> None:
        revision, added, removed = changes(self._state.revision)
        if revision == self._state.revision:
            return
        gone = self._state.removed | frozenset(removed) & frozenset(self._state.ids.tolist())
        total = len(self._state.ids) + len(added)
        outgrown = self.kind == "flat" and total > FLAT_UP_TO
        if outgrown or len(gone) > max(64, REBUILD_AT * total):
            revision, added, _ = changes(-1)
            self._state = self._built(added, revision)
        else:
            if added:
                self._state.faiss.add(self._rows([vector for _, vector in added]))
            ids = np.concatenate([self._state.ids, np.array([identity for identity, _ in added], np.int64)])
            self._state = _State(self._state.faiss, ids, gone, revision)

    def save(self) -> None:
        """Writes the index and what it stands for: first the index under its checksum, then the note that names it."""
        with self._lock:
            state = self._state
            data = faiss.serialize_index(state.faiss).tobytes() + state.ids.tobytes()
            digest = hashlib.sha256(data).hexdigest()
            note: dict[str, object] = {
                "layout": LAYOUT, "faiss": faiss.__version__, "dim": self.dim, "distance": self.distance, "revision": state.revision,
                "count": len(state.ids), "removed": sorted(state.removed), "sha256": digest,
            }  # fmt: skip
            self.folder.mkdir(exist_ok=True)
            name = f"{state.revision}-{digest[:12]}.faiss"
            _replace(self.folder / name, data)
            _replace(self.folder / "note.json", json.dumps(note | {"file": name}).encode())
            for stale in self.folder.glob("*.faiss"):
                if stale.name != name:
                    stale.unlink(missing_ok=True)

    def restore(self, revision: int) -> bool:
        """Reads the saved index; False (and an empty index, that catches up) where it is lost, damaged or from elsewhere."""
        try:
            note = json.loads((self.folder / "note.json").read_text())
            data = (self.folder / note["file"]).read_bytes()
            same = (note["layout"], note["dim"], note["distance"]) == (LAYOUT, self.dim, self.distance)
            if not same or note["revision"] > revision or hashlib.sha256(data).hexdigest() != note["sha256"]:
                return False
            split = len(data) - 8 * note["count"]
            index = faiss.deserialize_index(np.frombuffer(data[:split], np.uint8))
            self._state = _State(index, np.frombuffer(data[split:], np.int64), frozenset(note["removed"]), note["revision"])
        except (OSError, ValueError, KeyError, RuntimeError):
            return False
        return True

    def _empty(self) -> _State:
        return _State(self._new(0), np.empty(0, np.int64), frozenset(), -1)

    def _built(self, vectors: list[tuple[int, Vector]], revision: int) -> _State:
        index = self._new(len(vectors))
        if vectors:
            index.add(self._rows([vector for _, vector in vectors]))
        return _State(index, np.array([identity for identity, _ in vectors], np.int64), frozenset(), revision)

    def _new(self, count: int) -> faiss.Index:
        metric = faiss.METRIC_INNER_PRODUCT if self.distance == "cosine" else faiss.METRIC_L2
        if count <= FLAT_UP_TO:
            return faiss.IndexFlat(self.dim, metric)
        index = faiss.IndexHNSWFlat(self.dim, LINKS, metric)
        index.hnsw.efConstruction = EF_CONSTRUCTION
        return index

    def _rows(self, vectors: list[Vector]) -> NDArray[np.float32]:
        rows = np.ascontiguousarray(np.stack(vectors), np.float32)
        if self.distance == "cosine":
            rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return np.ascontiguousarray(rows, np.float32)


def _replace(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
