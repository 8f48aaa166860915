"""Save an index to the gallery's folder and load it again. A lost or damaged index is rebuilt.

index/note.json                      what the index was built from, the file's SHA-256, a checksum of itself
index/<revision>-<digest>.faiss      the FAISS index, followed by the photo ids as int64

A note of an older version has no checksum. It is ignored too: a damaged number in it would give wrong hits.
"""

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import faiss
import numpy as np
from pydantic import Field, TypeAdapter

from model.regular_file import open_regular, read_regular
from model.sealed_json import seal, unseal
from service.galleries.faiss_index import FaissIndex
from service.galleries.whole_file import write_whole

LAYOUT = 2
"""Version of the two files."""
NOTE = "note.json"
NOTE_BYTES = 2**26
"""Largest note that is read. It names the removed photos, in 8 bytes each."""
FILE = re.compile(r"-?[0-9]+-[0-9a-f]{12}\.faiss")

Count = Annotated[int, Field(ge=0, lt=2**63)]


@dataclass(frozen=True, kw_only=True)
class Note:
    """The fields of note.json; `size` in bytes and `sha256` are of the index's file."""

    layout: int
    faiss: str
    dim: int
    distance: str
    revision: Annotated[int, Field(ge=-1, lt=2**63)]
    count: Count
    removed: list[Count]
    sha256: str
    size: Count
    file: str
    kind: str
    identity: str


@dataclass(frozen=True)
class _LayoutOnly:
    layout: int


_NOTE = TypeAdapter(Note)
_LAYOUT_ONLY = TypeAdapter(_LayoutOnly)


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
        try:
            note = self._read_note()
        except (OSError, ValueError):
            return None
        expected = (LAYOUT, self._dim, self._distance, self._identity)
        return note if (note.layout, note.dim, note.distance, note.identity) == expected else None

    def is_outdated(self) -> bool:
        """Return whether the note is from before a reindex or of an older version; a new one is due."""
        try:
            return self._read_note().identity != self._identity
        except (OSError, ValueError):
            return self._is_of_older_layout()

    def load(self) -> FaissIndex | None:
        """Return the saved index, or None if it is missing, damaged, or built from other embeddings."""
        note = self.note()
        if note is None or not FILE.fullmatch(note.file):
            return None
        try:
            data = self._read(note)
            split = len(data) - 8 * note.count
            if split < 0 or _sha256(data) != note.sha256:
                return None
            index = faiss.deserialize_index(np.frombuffer(data[:split], np.uint8))
            ids = np.frombuffer(data[split:], np.int64)
        except (OSError, ValueError, RuntimeError):
            return None
        if (index.ntotal, index.d) != (note.count, self._dim):
            return None
        return FaissIndex(index, ids, frozenset(note.removed), note.revision, self._distance)

    def _read(self, note: Note) -> bytes:
        """Return the bytes of the index's file. Raises OSError, or ValueError if it has another size."""
        with open_regular(self.folder / note.file) as file:
            if os.fstat(file.fileno()).st_size != note.size:
                raise ValueError(f"{note.file} has another size than its note says")
            return file.read(note.size)

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
            size=sum(part.nbytes for part in parts),
            file=name,
            kind=state.kind,
            identity=self._identity,
        )
        self.folder.mkdir(exist_ok=True)
        write_whole(self.folder / name, *parts, durable=True)
        write_whole(self.folder / NOTE, json.dumps(seal(asdict(note))).encode(), durable=True)
        for stale in self.folder.glob("*.faiss"):
            if stale.name != name and FILE.fullmatch(stale.name):
                stale.unlink(missing_ok=True)

    def _read_note(self) -> Note:
        """Return the note. Raises OSError, or ValueError if it is damaged."""
        return _NOTE.validate_python(unseal(read_regular(self.folder / NOTE, limit=NOTE_BYTES)))

    def _is_of_older_layout(self) -> bool:
        try:
            layout = _LAYOUT_ONLY.validate_json(read_regular(self.folder / NOTE, limit=NOTE_BYTES)).layout
        except (OSError, ValueError):
            return False
        return layout < LAYOUT


def _sha256(*parts: bytes | memoryview) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
