"""Save an index to the gallery's folder and load it again. A lost or damaged index is rebuilt.

index/note.json                      what the index was built from, its file's SHA-256, and its own
index/<revision>-<digest>.faiss      the FAISS index, followed by the photo ids as int64
"""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import faiss
import numpy as np

from service.galleries.faiss_index import FaissIndex
from service.galleries.whole_file import remove_stale, write_whole

LAYOUT = 1
"""Version of the two files."""
NOTE = "note.json"


@dataclass(frozen=True, kw_only=True)
class Note:
    """The fields of note.json."""

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
    checksum: str = ""

    @property
    def is_intact(self) -> bool:
        """Whether the other fields have their checksum. Notes of earlier versions have none."""
        return self.checksum in ("", _note_checksum(self))


class IndexFile:
    """The saved index of a gallery.

    Args:
        folder: the gallery's `index` folder. It need not exist.
        identity: id of the gallery's embeddings. A file with another id is ignored.
    """

    def __init__(self, folder: Path, *, dim: int, distance: str, identity: str) -> None:
        self.folder, self._dim, self._distance, self._identity = folder, dim, distance, identity

    def note(self) -> Note | None:
        """Return the note, or None if it is missing, damaged, or built from other embeddings."""
        note = self._read_note()
        if note is None:
            return None
        expected = (True, LAYOUT, self._dim, self._distance, self._identity)
        found = (note.is_intact, note.layout, note.dim, note.distance, note.identity)
        return note if found == expected else None

    def is_of_other_embeddings(self) -> bool:
        """Return whether an intact note is from before a reindex. The next index replaces it."""
        note = self._read_note()
        return note is not None and note.is_intact and note.identity != self._identity

    def load(self) -> FaissIndex | None:
        """Return the saved index, or None if it is missing, damaged, or built from other embeddings."""
        note = self.note()
        if note is None:
            return None
        try:
            data = (self.folder / note.file).read_bytes()
            if _sha256(data) != note.sha256:
                return None
            split = len(data) - 8 * note.count
            index = faiss.deserialize_index(np.frombuffer(data[:split], np.uint8))
            ids = np.frombuffer(data[split:], np.int64)
            return FaissIndex(index, ids, frozenset(note.removed), note.revision, self._distance)
        except (OSError, ValueError, RuntimeError):
            return None

    def save(self, state: FaissIndex) -> None:
        """Write the index, then the note that names it. No other thread may change the state now."""
        parts = faiss.serialize_index(state.faiss).data, state.ids.data
        digest = _sha256(*parts)
        name = f"{state.revision}-{digest[:12]}.faiss"
        note = Note(
            layout=LAYOUT,
            faiss=faiss.__version__,
            dim=self._dim,
            distance=self._distance,
            revision=state.revision,
            count=len(state.ids),
            removed=sorted(state.removed),
            sha256=digest,
            file=name,
            kind=state.kind,
            identity=self._identity,
        )
        note = replace(note, checksum=_note_checksum(note))
        self.folder.mkdir(exist_ok=True)
        write_whole(self.folder / name, *parts, durable=True)
        write_whole(self.folder / NOTE, json.dumps(vars(note)).encode(), durable=True)
        for stale in self.folder.glob("*.faiss"):
            if stale.name != name:
                stale.unlink(missing_ok=True)

    def _read_note(self) -> Note | None:
        try:
            return Note(**json.loads((self.folder / NOTE).read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def remove_stale(self) -> None:
        """Remove the temporary files of processes that were killed."""
        remove_stale(self.folder.glob(".*"))


def _note_checksum(note: Note) -> str:
    return _sha256(json.dumps(vars(replace(note, checksum=""))).encode())


def _sha256(*parts: bytes | memoryview) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
