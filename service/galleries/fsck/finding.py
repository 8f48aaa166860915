"""What a check finds, how thorough checks are, and what happens if a step or a repair fails.

Any exception ends one step or one repair, but not the check: a damaged file can cause any.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from service.errors import GalleryDamaged, GalleryNotFound, GalleryReindexed, ServiceError

FILE_AGE = 3600
"""Seconds after which a file that no row names is a leftover. A request may still use a younger one."""


EXPECTED = (OSError, UnicodeError, sqlite3.Error, ServiceError)
"""Errors whose message says enough."""


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


def after_repair(finding: Finding, repair: Callable[[], bool]) -> Finding:
    """Try a repair, and return the finding with the outcome. If the repair fails, the detail says why.

    Args:
        repair: returns whether it has repaired the finding.

    Raises:
        GalleryNotFound, GalleryReindexed: the gallery is deleted or was re-embedded.
    """
    try:
        return replace(finding, repaired=repair())
    except (GalleryNotFound, GalleryReindexed):
        raise
    except Exception as error:
        return replace(finding, detail=f"{finding.detail}; the repair failed ({reason(error)})")


def guarded(place: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings of one step. If the step fails, that is a finding, too."""
    try:
        yield from findings
    except GalleryNotFound:  # deleted since it was opened
        return
    except GalleryReindexed:
        yield Finding(place=place, kind="not_checked", detail="a reindex ended during the check; check again")
    except (GalleryDamaged, sqlite3.DatabaseError) as error:
        yield Finding(place=place, kind="gallery_damaged", detail=str(error))
    except Exception as error:
        yield not_checked(place, "this part", error)


def not_checked(place: str, what: str, error: BaseException) -> Finding:
    """Return the finding for something that cannot be checked because of an error."""
    return Finding(place=place, kind="not_checked", detail=f"{what} cannot be checked ({reason(error)})")


def reason(error: BaseException) -> str:
    """Return what an error says, without a number and a path."""
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return text if isinstance(error, EXPECTED) else f"{type(error).__name__}: {text}"


def delete(path: Path) -> bool:
    """Delete a file or a link. It may be gone already. Raises OSError for a folder."""
    path.unlink(missing_ok=True)
    return True
