"""Find the picture files of a folder and its sub-folders, and count what is left out, by reason.

Linked folders are followed, each folder once: links that lead back end. Real folders come first, so a picture
is found under its real path if there is one.
"""

import errno
import os
import stat
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from service.file_names import printable

SYSTEM_NAMES = frozenset(
    {
        "@eadir",
        "__macosx",
        "#recycle",
        "$recycle.bin",
        "system volume information",
        "lost+found",
        "thumbs.db",
        "desktop.ini",
    }
)
"""Files and folders that systems and NAS devices make, in lower case."""

HIDDEN, SYSTEM, EXCLUDED, GALLERIES, LINKED_TWICE, NOT_A_FILE, NOT_A_PICTURE = (
    "hidden",
    "made by the system",
    "excluded",
    "galleries of this program",
    "linked twice",
    "not a file",
    "not a picture",
)
"""Reasons why files and folders are left out."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A picture file of a folder.

    Attributes:
        path: relative to the folder, with slashes.
        mtime: time of its last change in nanoseconds.
    """

    path: str
    size: int
    mtime: int

    @property
    def label(self) -> str | None:
        """The name of its sub-folder. None for a file directly in the folder."""
        return PurePosixPath(self.path).parent.name or None


@dataclass
class Walk:
    """What is in a folder.

    Attributes:
        skipped: number of files and folders that were left out, by reason.
        unreadable: a line for each file or folder that cannot be read.
        closed: paths of unreadable files and folders. What is in them is unknown.
    """

    files: list[FoundFile] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    def refuse(self, path: str, reason: str) -> None:
        """Record a file or folder that cannot be read."""
        self.unreadable.append(f"{printable(path)}: {reason}")
        self.closed.append(path)


def walk(
    folder: Path,
    is_picture: Callable[[str], bool],
    exclude: Sequence[str] = (),
    *,
    galleries: Path | None = None,
) -> Walk:
    """Return the picture files of a folder and its sub-folders, sorted by path.

    Args:
        is_picture: whether a file is a picture, by its path relative to `folder`.
        exclude: patterns such as `*.tmp` or `private`. One with a slash applies to the path relative to
            `folder`, others to the name of a file or folder.
        galleries: the folder of all galleries, which is left out: a gallery must not take its own thumbnails.

    Raises:
        OSError: the folder itself cannot be read.
    """
    found = Walk()
    seen = {_identity(folder.stat()): LINKED_TWICE}
    if galleries is not None and galleries.is_dir():
        seen.setdefault(_identity(galleries.stat()), GALLERIES)
    folders, links = deque([""]), deque[str]()
    while folders or links:
        inner = folders.popleft() if folders else links.popleft()
        try:
            if inner and (reason := _visited(folder / inner, seen)) is not None:
                found.skipped[reason] += 1
                continue
            with os.scandir(folder / inner) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not inner:
                raise
            if error.errno != errno.ENOENT:
                found.refuse(inner, f"the folder cannot be read ({error.strerror})")
            continue
        for entry in listed:
            path = f"{inner}/{entry.name}" if inner else entry.name
            if (reason := _left_out(entry.name, path, exclude)) is not None:
                found.skipped[reason] += 1
                continue
            _visit(found, entry, path, folders, links, is_picture)
    found.files.sort(key=lambda file: file.path)
    return found


def _visit(
    found: Walk,
    entry: os.DirEntry[str],
    path: str,
    folders: deque[str],
    links: deque[str],
    is_picture: Callable[[str], bool],
) -> None:
    """Add a file to those that were found, or a folder to those that are walked later."""
    try:
        path.encode()
        status = entry.stat()
    except UnicodeEncodeError:
        found.refuse(path, "the name of the file or of its folder is not UTF-8")
        return
    except OSError as error:
        if entry.is_symlink():
            found.refuse(path, f"the link leads nowhere ({error.strerror})")
        elif error.errno != errno.ENOENT:  # else it was removed just now
            found.refuse(path, error.strerror or "cannot be read")
        return
    if stat.S_ISDIR(status.st_mode):
        (links if entry.is_symlink() else folders).append(path)
    elif not stat.S_ISREG(status.st_mode):
        found.skipped[NOT_A_FILE] += 1
    elif is_picture(path):
        found.files.append(FoundFile(path, status.st_size, status.st_mtime_ns))
    else:
        found.skipped[NOT_A_PICTURE] += 1


def _left_out(name: str, path: str, exclude: Sequence[str]) -> str | None:
    """Return why a name is left out, whatever has it."""
    if name.startswith("."):
        return HIDDEN
    if name.lower() in SYSTEM_NAMES:
        return SYSTEM
    for pattern in exclude:
        bare = pattern.rstrip("/")
        if fnmatchcase(path if "/" in bare else name, bare.lstrip("/")):
            return EXCLUDED
    return None


def _visited(folder: Path, seen: dict[tuple[int, int], str]) -> str | None:
    """Return why a folder is not walked, perhaps because it was under another name. Note that it is now."""
    identity = _identity(folder.stat())
    if identity in seen:
        return seen[identity]
    seen[identity] = LINKED_TWICE
    return None


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
