"""Check the saved index of a gallery against its rows."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from service.embedding import Embedding
from service.galleries.faiss_index import FaissIndex, index_rows
from service.galleries.fsck.finding import Finding, Options, after_repair, delete, is_old
from service.galleries.fsck.own_folder import folder_use
from service.galleries.fsck.quarantine import quarantine
from service.galleries.fsck.readable import require_readable_files
from service.galleries.gallery import Gallery
from service.galleries.index_file import NOTE, IndexFile
from service.galleries.own_names import INDEX_FILE, temporary
from service.galleries.rows import PhotoRows

SAMPLES = 1_000
"""Maximum number of vectors that are compared with their rows."""
TOLERANCE = 1e-6


def check_index(gallery: Gallery, options: Options) -> Iterator[Finding]:
    """Yield a finding if the saved index cannot be used or differs from the rows, and for its old files.

    A repair deletes the saved index. The service builds a new one.
    """
    folder = gallery.folder / "index"
    spec = gallery.spec
    file = IndexFile(folder, dim=spec.dim, distance=spec.distance, identity=spec.identity)
    if (problem := _problem(gallery, file)) is not None:
        finding = Finding(
            place=gallery.name,
            kind="index_damaged",
            detail=f"the saved index {problem}; without it, the service builds a new one",
        )
        yield after_repair(finding, lambda: _drop(gallery.folder, folder)) if options.repair else finding
        return
    note, may_repair = file.note(), options.repair and folder_use(gallery.folder, "index").reason is None
    for path in sorted(folder.glob("*")) + sorted(folder.glob(".*")):
        if path.name == NOTE or (note is not None and path.name == note.file) or not is_old(path):
            continue
        finding = Finding(place=gallery.name, kind="temporary_file", detail=f"index/{path.name} is left over")
        yield after_repair(finding, partial(_put_away, gallery, path)) if may_repair else finding


def _problem(gallery: Gallery, file: IndexFile) -> str | None:
    """Return what is wrong with the saved index, or None. It need not exist."""
    if not os.path.lexists(file.folder / NOTE):
        exists = os.path.lexists(file.folder)
        return "is not a folder" if exists and not file.folder.is_dir() else None
    require_readable_files(file.folder)
    loaded = file.load()
    if loaded is None:
        return None if file.is_outdated() else "cannot be read"
    everything, changes = PhotoRows(gallery.database).changes_since_each([-1, loaded.revision])
    if changes.revision < loaded.revision:
        return "is newer than the rows"
    return _difference(loaded.extend(changes), dict(everything.added))


def _drop(gallery: Path, folder: Path) -> bool:
    """Delete the saved index. A file or a link in its place moves to the quarantine.

    Returns:
        False if it is still there.
    """
    if folder.is_symlink() or not folder.is_dir():
        quarantine(gallery, folder)
        return True
    for path in sorted(folder.iterdir(), key=lambda path: path.name != NOTE):  # the note first
        if _is_own(path):
            path.unlink(missing_ok=True)
        else:
            quarantine(gallery, path)
    folder.rmdir()
    return not os.path.lexists(folder)


def _put_away(gallery: Gallery, path: Path) -> bool:
    """Delete an old file of the index. Anything that this program did not make moves to the quarantine."""
    if _is_own(path):
        return delete(path)
    quarantine(gallery.folder, path)
    return True


def _is_own(path: Path) -> bool:
    """Return whether this program has made a file in the folder of the index. A link counts as a file."""
    ours = INDEX_FILE.fullmatch(path.name) or temporary(INDEX_FILE).fullmatch(path.name)
    return ours is not None and (path.is_symlink() or not path.is_dir())


def _difference(index: FaissIndex, embeddings: dict[int, Embedding]) -> str | None:
    """Return how an index differs from the rows, or None."""
    ids = [int(photo_id) for photo_id in index.ids]
    present = set(ids) - index.removed
    if len(ids) != index.faiss.ntotal or len(present) != index.count:
        return "has a wrong number of photos"
    if present - embeddings.keys():
        return f"has {len(present - embeddings.keys())} photos that the rows do not have"
    if embeddings.keys() - present:
        return f"lacks {len(embeddings.keys() - present)} photos"
    positions = [position for position, photo_id in enumerate(ids) if photo_id in present]
    for position in positions[:: max(1, len(positions) // SAMPLES)]:
        [expected] = index_rows([embeddings[ids[position]]], index.distance)
        if not np.allclose(index.faiss.reconstruct(position), expected, atol=TOLERANCE):
            return f"has another embedding of photo {ids[position]}"
    return None
