"""The checkpoints in the store and in the package, with the state of their files."""

import os
from dataclasses import dataclass
from pathlib import Path

from model.checkpoint import published, released

RELEASED = "released"
"""Version of the checkpoints in the package."""
FileState = tuple[str, int, int, int, int]
"""Name, size, modification time, change time and inode of a file."""


@dataclass(frozen=True)
class Candidate:
    """One version of a checkpoint in one state of its files. Two are equal only if no file has changed."""

    name: str
    version: str
    folder: Path
    files: tuple[FileState, ...]


def find_candidates(store: Path) -> dict[str, list[Candidate]]:
    """Return each model's versions, the preferred first: the store's, newest first, then the package's."""
    candidates: dict[str, list[Candidate]] = {}
    for folder in sorted(published(store), key=lambda folder: folder.name, reverse=True):
        _add(candidates, folder.parent.name, folder.name, folder)
    for folder in released():
        _add(candidates, folder.name, RELEASED, folder)
    return candidates


def _add(candidates: dict[str, list[Candidate]], name: str, version: str, folder: Path) -> None:
    try:
        files = tuple(sorted(_file_state(entry) for entry in os.scandir(folder)))
    except OSError:
        return  # deleted during the scan
    candidates.setdefault(name, []).append(Candidate(name, version, folder, files))


def _file_state(entry: "os.DirEntry[str]") -> FileState:
    """Return a value that changes if the file is written or replaced, or its permissions change."""
    try:
        stat = entry.stat()
    except OSError:  # a broken link: loading reports the missing file
        stat = entry.stat(follow_symlinks=False)
    return entry.name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino
