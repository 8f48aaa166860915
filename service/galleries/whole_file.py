"""Write files whole or not at all, and remove what killed processes left behind."""

import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

STALE_SECONDS = 3_600
"""Age after which a temporary file belongs to a process that was killed."""


def write_whole(path: Path, *parts: bytes | memoryview, durable: bool) -> None:
    """Write a temporary file and rename it. If that fails, the temporary file is removed.

    Args:
        durable: sync the file to disk before it gets its name.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with temporary.open("wb") as file:
            for part in parts:
                file.write(part)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):  # the first error says more
            temporary.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Sync the names of a folder's files to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_stale(paths: Iterable[Path], age: float = STALE_SECONDS) -> None:
    """Remove the temporary files that were last written more than `age` seconds ago."""
    before = time.time() - age
    for path in paths:
        with suppress(OSError):  # its writer has just renamed it, or the disk is read-only
            if path.stat().st_mtime < before:
                path.unlink()
