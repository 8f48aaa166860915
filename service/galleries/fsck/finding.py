"""What a check finds, and how thorough checks are."""

import time
from dataclasses import dataclass
from pathlib import Path

FILE_AGE = 3600
"""Seconds after which a file that no row names is a leftover. A request may still use a younger one."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        place: the gallery's name, or the folder `galleries` or `checkpoints`.
        kind: a stable code, such as `picture_missing`.
        detail: what is wrong, and what to do.
        repaired: whether it is repaired now.
    """

    place: str
    kind: str
    detail: str
    repaired: bool = False


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to check.

    Attributes:
        repair: repair what can be repaired safely.
        quick: read no picture, thumbnail or weights; only look whether they exist.
    """

    repair: bool = False
    quick: bool = False


def is_old(path: Path, seconds: float = FILE_AGE) -> bool:
    """Return whether a file or folder was last changed that long ago. False if it is gone."""
    try:
        return time.time() - path.lstat().st_mtime > seconds
    except OSError:
        return False
