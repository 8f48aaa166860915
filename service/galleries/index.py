"""The FAISS index of one gallery: derived from its rows, kept on disk with a checksum, rebuilt when lost.

Flat up to `FLAT_UP_TO` photos, HNSW beyond (benchmarks/faiss_index.py has the measurement). Neither forgets a
vector well (HNSW cannot, and `IDMap2,IVF` returned wrong ids after a removal on faiss 1.15.1), so removed photos
are tombstones until the next rebuild. While a thread rebuilds, the index that was there goes on: what is added in
the meantime is added to it, so that a gallery on its way to HNSW is searched flat, and exactly.
"""

import hashlib
import json
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from service.embedding import Embedding
from service.errors import GalleryReindexed

logger = logging.getLogger(__name__)

FLAT_UP_TO = 50_000
LAYOUT = 1
LINKS, EF_CONSTRUCTION, EF_SEARCH = 32, 80, 128
REBUILD_AT, REBUILD_FROM = 0.3, 64
"""Share of tombstones beyond which the index is rebuilt, and their number below which it is not."""
BUILD_STEP = 1_000
"""Vectors that are added at a time, between which a build can be ended."""

Changes = Callable[[int], tuple[int, list[tuple[int, Embedding]], list[int]]]
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

    @property
    def kind(self) -> str:
        return "hnsw" if isinstance(self.faiss, faiss.IndexHNSW) else "flat"

    @property
    def worn(self) -> bool:
        """Whether another index would be better: too many photos for this kind, or too many tombstones."""
        total = len(self.ids)
        return (self.kind == "flat" and total > FLAT_UP_TO) or len(self.removed) > max(
            REBUILD_FROM, REBUILD_AT * total
        )


@dataclass(frozen=True, kw_only=True)
class _Note:
    """What a saved index stands for, as it is written beside it."""

    layout: int
    faiss: str
    dim: int
    distance: str
    revision: int
    count: int
    removed: list[int]
    sha256: str
    file: str
    kind: str = "flat"
    identity: str = ""


class Index:
    """Searches and catches up; thread-safe. One OpenMP thread a query is faster than two.

    What was saved is read by the first search, if it is of the same gallery: of the one that `identity` tells from others in this folder.
    """

    def __init__(self, folder: Path, dim: int, distance: str, identity: str = "") -> None:
        self.folder, self.dim, self.distance, self.identity = folder, dim, distance, identity
        self._lock = threading.Lock()
        self._state: _State | None = None
        self._builder: threading.Thread | None = None
        self._closed = threading.Event()

    @property
    def kind(self) -> str:
        """`flat` or `hnsw`: of what answers, or of what is saved and would."""
        if (state := self._state) is not None:
            return state.kind
        note = self._note()
        return "flat" if note is None else note.kind

    def search(self, vector: Embedding, k: int, changes: Changes) -> list[Neighbour]:
        """The k nearest to `vector` [dim], best first, as of now."""
        faiss.omp_set_num_threads(1)  # holds for the calling thread alone
        with self._lock:
            state = self._present(changes)
            wanted = min(k + len(state.removed), len(state.ids))
            if wanted == 0:
                return []
            parameters = None
            if state.kind == "hnsw":
                parameters = faiss.SearchParametersHNSW(efSearch=max(EF_SEARCH, wanted))  # type: ignore[attr-defined]  # made by SWIG
            distances, places = state.faiss.search(self._rows([vector]), wanted, params=parameters)
        ids = state.ids[places[0][places[0] >= 0]]
        scores = distances[0] if self.distance == "cosine" else 1 / (1 + np.sqrt(np.maximum(distances[0], 0)))
        found = (Neighbour(int(identity), float(score)) for identity, score in zip(ids, scores, strict=False))
        return [neighbour for neighbour in found if neighbour.id not in state.removed][:k]

    @property
    def count(self) -> int:
        """Photos that the last search, or what brought it up to date, went through; 0 before the first."""
        state = self._state
        return 0 if state is None else len(state.ids) - len(state.removed)

    def catch_up(self, changes: Changes) -> None:
        """Adds what the gallery has changed, so that the next search finds it done."""
        with self._lock:
            self._present(changes)

    def save(self, changes: Changes) -> None:
        """Writes the index as of now, once nothing is left to rebuild."""
        with self._lock:
            self._present(changes)
        if (builder := self._builder) is not None:
            builder.join()
        with self._lock:
            self._write(self._present(changes))

    def close(self) -> None:
        """Ends a build that is under way. Who searches goes on with what is there."""
        self._closed.set()
        if (builder := self._builder) is not None and builder is not threading.current_thread():
            builder.join()

    def _present(self, changes: Changes) -> _State:
        """The index as of now, for who holds the lock; where it is worn, a thread begins to build another."""
        before = self._state or self._restored() or self._empty()
        self._state = state = self._extended(before, changes)
        if state.worn and self._builder is None and not self._closed.is_set():
            builder = threading.Thread(
                target=self._rebuild, args=(changes,), name=f"index {self.folder.parent.name}", daemon=True
            )
            builder.start()
            self._builder = builder
        return state

    def _extended(self, state: _State, changes: Changes) -> _State:
        """The state with what the gallery has changed since; its FAISS index is added to in place."""
        revision, added, removed = changes(state.revision)
        if revision == state.revision:
            return state
        if revision < state.revision:  # not this gallery's, or from its future
            return self._extended(self._empty(), changes)
        if added:
            state.faiss.add(self._rows([vector for _, vector in added]))
        ids = np.concatenate([state.ids, np.array([identity for identity, _ in added], np.int64)])
        return _State(
            state.faiss, ids, state.removed | frozenset(removed) & frozenset(ids.tolist()), revision
        )

    def _rebuild(self, changes: Changes) -> None:
        """Builds another index, which then takes the place of the present one. Where that fails, the present one stays, and
        nothing more is tried before the gallery is opened anew."""
        faiss.omp_set_num_threads(1)  # the other cores are for requests
        try:
            revision, vectors, _ = changes(-1)
            built = self._built(vectors, revision)
            if built is None:
                return
            built = self._extended(
                built, changes
            )  # most of what came meanwhile, while searches need not wait for it
            self._keep(built)  # now, while no other thread has it and none waits for it
            with self._lock:
                self._state, self._builder = self._extended(built, changes), None
        except GalleryReindexed:  # an index of the new embeddings is built instead
            return
        except Exception:
            if not self._closed.is_set():
                logger.warning(
                    "the index in %s could not be rebuilt; the one that is there goes on",
                    self.folder,
                    exc_info=True,
                )

    def _keep(self, built: _State) -> None:
        """Writes an index that took long to build, as far as that can be done; it can be searched in any case."""
        try:
            self._write(built)
        except (OSError, MemoryError):
            if not self._closed.is_set():
                logger.warning(
                    "the index in %s could not be saved; the next start builds it again",
                    self.folder,
                    exc_info=True,
                )

    def _write(self, state: _State) -> None:
        """First the index under its checksum, then the note that names it; for who has the state to itself."""
        parts = faiss.serialize_index(state.faiss).data, state.ids.data
        digest = _sha256(*parts)
        name = f"{state.revision}-{digest[:12]}.faiss"
        note = _Note(
            layout=LAYOUT,
            faiss=faiss.__version__,
            dim=self.dim,
            distance=self.distance,
            revision=state.revision,
            count=len(state.ids),
            removed=sorted(state.removed),
            sha256=digest,
            file=name,
            kind=state.kind,
            identity=self.identity,
        )
        self.folder.mkdir(exist_ok=True)
        _replace(self.folder / name, *parts)
        _replace(self.folder / "note.json", json.dumps(vars(note)).encode())
        for stale in self.folder.glob("*.faiss"):
            if stale.name != name:
                stale.unlink(missing_ok=True)

    def _note(self) -> _Note | None:
        try:
            note = _Note(**json.loads((self.folder / "note.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None
        ours = (LAYOUT, self.dim, self.distance, self.identity)
        return note if (note.layout, note.dim, note.distance, note.identity) == ours else None

    def _restored(self) -> _State | None:
        """The saved index; None where it is lost, damaged or from elsewhere."""
        note = self._note()
        if note is None:
            return None
        try:
            data = (self.folder / note.file).read_bytes()
            if _sha256(data) != note.sha256:
                return None
            split = len(data) - 8 * note.count
            index = faiss.deserialize_index(np.frombuffer(data[:split], np.uint8))
            return _State(
                index, np.frombuffer(data[split:], np.int64), frozenset(note.removed), note.revision
            )
        except (OSError, ValueError, RuntimeError):
            return None

    def _empty(self) -> _State:
        return _State(self._new(0), np.empty(0, np.int64), frozenset(), -1)

    def _built(self, vectors: list[tuple[int, Embedding]], revision: int) -> _State | None:
        """A new index of the kind for so many; None where it was closed meanwhile."""
        index = self._new(len(vectors))
        for start in range(0, len(vectors), BUILD_STEP):
            if self._closed.is_set():
                return None
            index.add(self._rows([vector for _, vector in vectors[start : start + BUILD_STEP]]))
        return _State(index, np.array([identity for identity, _ in vectors], np.int64), frozenset(), revision)

    def _new(self, count: int) -> faiss.Index:
        metric = faiss.METRIC_INNER_PRODUCT if self.distance == "cosine" else faiss.METRIC_L2
        if count <= FLAT_UP_TO:
            return faiss.IndexFlat(self.dim, metric)
        index = faiss.IndexHNSWFlat(self.dim, LINKS, metric)
        index.hnsw.efConstruction = EF_CONSTRUCTION
        return index

    def _rows(self, vectors: list[Embedding]) -> NDArray[np.float32]:
        rows = np.ascontiguousarray(np.stack(vectors), np.float32)
        if self.distance == "cosine":
            rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return np.ascontiguousarray(rows, np.float32)


def _sha256(*parts: bytes | memoryview) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _replace(path: Path, *parts: bytes | memoryview) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    with beside.open("wb") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
