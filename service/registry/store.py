"""What lies in the store of checkpoints and in the package, told apart by name, version and the state of its files."""

import os
from dataclasses import dataclass
from pathlib import Path

from model.checkpoint import published, released

FileState = tuple[str, int, int, int, int]


@dataclass(frozen=True)
class Candidate:
    """A version as it lay there at one moment; equal only while none of its files changed."""

    name: str
    version: str
    folder: Path
    files: tuple[FileState, ...]


def find_candidates(store: Path) -> dict[str, list[Candidate]]:
    """By name, in the order of preference: the store's versions, newest first, then the package's."""
    found: dict[str, list[Candidate]] = {}
    for folder in sorted(published(store), key=lambda folder: folder.name, reverse=True):
        _add(found, folder.parent.name, folder.name, folder)
    for folder in released():
        _add(found, folder.name, "released", folder)
    return found


def _add(found: dict[str, list[Candidate]], name: str, version: str, folder: Path) -> None:
    try:
        files = tuple(sorted(_state(entry) for entry in os.scandir(folder)))
    except OSError:
        return  # removed while we looked
    found.setdefault(name, []).append(Candidate(name, version, folder, files))


def _state(entry: "os.DirEntry[str]") -> FileState:
    """Changes with content, replacement and permissions (the ctime)."""
    try:
        stat = entry.stat()
    except OSError:  # a link to nothing: loading says what is missing
        stat = entry.stat(follow_symlinks=False)
    return entry.name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino
