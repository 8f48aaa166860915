"""The index of one gallery. It applies the gallery's changes, and a thread rebuilds it when necessary.

While a thread builds the new index, searches use the old one, and added photos are added to it. A
gallery that has just grown beyond `FLAT_UP_TO` photos is searched exactly until its HNSW index is ready.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import faiss
import numpy as np

from service.embedding import Embedding
from service.errors import GalleryReindexed
from service.galleries.faiss_index import FaissIndex, Ids, Neighbour, empty_state, index_rows, new_index
from service.galleries.index_file import IndexFile
from service.galleries.locks import LockWait
from service.galleries.records import Changes

logger = logging.getLogger(__name__)

BUILD_STEP = 1_000
"""Vectors that are added at a time. A build can be stopped between two steps."""

LOAD_SECONDS = 30.0
"""Longest wait for another thread to load the index. Requests leave earlier, at their deadline."""
CLOSE_SECONDS = 5.0
"""Longest wait for a rebuild to stop. Its thread ends with the process."""

ReadChanges = Callable[[int], Changes]
"""Returns what has changed in the gallery since a revision."""


class Index:
    """Searches the embeddings of one gallery. Thread-safe.

    The first search loads the saved index, if it has this identity. A query uses one OpenMP thread, which
    is faster than two.

    Args:
        folder: where the index is saved.
        distance: `l2`, `cosine` or `inner_product`.
        identity: id of the gallery's embeddings, see `GallerySpec`.
    """

    def __init__(self, folder: Path, dim: int, distance: str, identity: str = "") -> None:
        self.folder, self.dim, self.distance = folder, dim, distance
        self._file = IndexFile(folder, dim=dim, distance=distance, identity=identity)
        self._lock = threading.Lock()
        self._state: FaissIndex | None = None
        self._builder: threading.Thread | None = None
        self._closed = threading.Event()

    @property
    def kind(self) -> str:
        """`flat` or `hnsw`: of the index in memory, or of the saved index before the first search."""
        if (state := self._state) is not None:
            return state.kind
        note = self._file.note()
        return "flat" if note is None else note.kind

    @property
    def count(self) -> int:
        """Number of photos at the last search or catch-up. 0 before the first."""
        state = self._state
        return 0 if state is None else state.count

    def search(
        self, vector: Embedding, k: int, read_changes: ReadChanges, among: Ids | None = None
    ) -> list[Neighbour]:
        """Return the k nearest photos to a vector [dim], best first, with all changes until now.

        Args:
            among: the ids of the photos to search. All photos if None.
        """
        faiss.omp_set_num_threads(1)  # for the calling thread only
        with self._hold():
            return self._catch_up(read_changes).search(vector, k, among)

    def catch_up(self, read_changes: ReadChanges) -> None:
        """Apply the gallery's changes before the next search."""
        with self._hold():
            self._catch_up(read_changes)

    def save(self, read_changes: ReadChanges) -> None:
        """Apply the gallery's changes, wait for a rebuild if there is one, and save the index."""
        self.catch_up(read_changes)
        if (builder := self._builder) is not None:
            builder.join()
        with self._hold():
            self._file.save(self._catch_up(read_changes))

    def close(self) -> None:
        """Stop a rebuild. Searches continue with the present index."""
        self._closed.set()
        if (builder := self._builder) is not None and builder is not threading.current_thread():
            builder.join(CLOSE_SECONDS)

    def _hold(self) -> AbstractContextManager[None]:
        """Hold the lock. Raises GalleryBusy if it does not come in time."""
        loaded = self._state is not None  # else another thread may be loading the index, which takes longer
        return LockWait(self.folder.parent.name, None if loaded else LOAD_SECONDS).hold(self._lock)

    def _catch_up(self, read_changes: ReadChanges) -> FaissIndex:
        """Return the state with all changes, and start a rebuild if needed. The caller holds the lock."""
        before = self._state or self._file.load() or empty_state(self.dim, self.distance)
        self._state = state = self._extend(before, read_changes)
        if state.needs_rebuild and self._builder is None and not self._closed.is_set():
            builder = threading.Thread(
                target=self._rebuild,
                args=(read_changes,),
                name=f"index {self.folder.parent.name}",
                daemon=True,
            )
            builder.start()
            self._builder = builder
        return state

    def _extend(self, state: FaissIndex, read_changes: ReadChanges) -> FaissIndex:
        changes = read_changes(state.revision)
        if changes.revision == state.revision:
            return state
        if changes.revision < state.revision:  # the gallery was restored from an older backup
            return self._extend(empty_state(self.dim, self.distance), read_changes)
        return state.extend(changes)

    def _rebuild(self, read_changes: ReadChanges) -> None:
        """Build a new index and replace the present one.

        If that fails, the present one stays. The next attempt comes when the gallery is opened again.
        """
        faiss.omp_set_num_threads(1)  # the other cores are for requests
        try:
            built = self._build(read_changes(-1))
            if built is None:
                return
            built = self._extend(built, read_changes)  # applies most late changes without the lock
            self._save(built)  # before another thread uses it
            with self._lock:
                self._state, self._builder = self._extend(built, read_changes), None
        except GalleryReindexed:  # the gallery is opened again, with an index of the new embeddings
            return
        except Exception:
            if not self._closed.is_set():
                logger.warning(
                    "cannot rebuild the index in %s; searches continue with the old index",
                    self.folder,
                    exc_info=True,
                )

    def _build(self, changes: Changes) -> FaissIndex | None:
        """Return a new index of all photos. None if this index is closed during the build."""
        index = new_index(len(changes.added), self.dim, self.distance)
        for start in range(0, len(changes.added), BUILD_STEP):
            if self._closed.is_set():
                return None
            step = changes.added[start : start + BUILD_STEP]
            index.add(index_rows([vector for _, vector in step], self.distance))
        ids = np.array([photo_id for photo_id, _ in changes.added], np.int64)
        return FaissIndex(index, ids, frozenset(), changes.revision, self.distance)

    def _save(self, built: FaissIndex) -> None:
        """Save a rebuilt index. If that fails, searches use it anyway."""
        try:
            self._file.save(built)
        except (OSError, MemoryError):
            if not self._closed.is_set():
                logger.warning(
                    "cannot save the index in %s; it is rebuilt after the next start",
                    self.folder,
                    exc_info=True,
                )
