"""Full, read-only and failing disks: which errors of the system they cause, and how much space is left."""

import os
from errno import EACCES, EDQUOT, EFBIG, EIO, EMFILE, ENFILE, ENODEV, ENOSPC, ENXIO, EPERM, EROFS, ESTALE
from pathlib import Path

from service.errors import StorageFull, StorageUnavailable

FULL = frozenset({ENOSPC, EDQUOT, EFBIG})
"""Error numbers of a full disk: no space, no quota, or a file that may not grow."""
TOO_MANY_FILES = frozenset({EMFILE, ENFILE})
UNAVAILABLE = frozenset({EACCES, EIO, ENODEV, ENXIO, EPERM, EROFS, ESTALE})
"""Error numbers of a disk that refuses to read or write."""

FREE_SPACE = "free some space, then try again"
CHECK_DISK = "check that its folder is mounted read-write and belongs to the user of this process"


def storage_error(error: BaseException | None) -> StorageFull | StorageUnavailable | None:
    """Return the service error for an `OSError` that a disk causes, or None for other errors."""
    if not isinstance(error, OSError):
        return None
    if error.errno in FULL:
        return StorageFull(f"the disk is full ({error.strerror}); {FREE_SPACE}")
    if error.errno in TOO_MANY_FILES:
        return StorageUnavailable(
            f"too many files are open ({error.strerror}); try again later, or raise the limit (`ulimit -n`)",
            retry_after=2,
        )
    if error.errno in UNAVAILABLE:
        return StorageUnavailable(f"the disk cannot be used ({error.strerror}); {CHECK_DISK}")
    return None


def free_bytes(folder: Path) -> int:
    """Return the bytes that this process may still write on the disk of a folder.

    If the folder does not exist yet, this is the disk of its nearest parent. Blocks if the disk stalls.
    """
    status = _disk_of(folder)
    return status.f_bavail * status.f_frsize


def _disk_of(folder: Path) -> os.statvfs_result:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.statvfs(folder)


def require_free(folder: Path, min_bytes: int) -> None:
    """Check that a folder's disk has at least `min_bytes` left. Call it before work that writes.

    Raises:
        StorageFull.
    """
    free = free_bytes(folder)
    if free < min_bytes:
        raise StorageFull(
            f"the disk has {free / 1e6:.0f} MB left, and IIAE_MIN_FREE_MB reserves {min_bytes / 1e6:.0f} MB;"
            f" {FREE_SPACE}"
        )


class Disk:
    """The disk of a folder.

    Args:
        min_free: bytes below which space is short.

    Attributes:
        free: free bytes at the last `measure`, or None before the first.
        read_only: whether the disk was mounted read-only at the last `measure`.
    """

    def __init__(self, folder: Path, *, min_free: int) -> None:
        self._folder, self._min_free = folder, min_free
        self.free: int | None = None
        self.read_only = False

    @property
    def short(self) -> bool:
        """Whether nothing could be added at the last `measure`."""
        return self.read_only or (self.free is not None and self.free < self._min_free)

    def measure(self) -> None:
        """Measure the free space. Blocks if the disk stalls: call it in a thread."""
        status = _disk_of(self._folder)
        self.free = status.f_bavail * status.f_frsize
        self.read_only = bool(status.f_flag & os.ST_RDONLY)
