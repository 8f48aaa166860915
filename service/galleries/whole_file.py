"""Write files whole or not at all, and remove what killed processes left behind."""

import ctypes
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

STALE_SECONDS = 3_600
"""Age after which a temporary file belongs to a process that was killed."""


def write_whole(path: Path, *parts: bytes | memoryview, durable: bool) -> None:
    """Write a temporary file and rename it. If that fails, the temporary file is removed.

    Args:
        durable: sync the file to disk before it gets its name.
    """
    with writing_whole(path, durable=durable) as file:
        for part in parts:
            file.write(part)


@contextmanager
def writing_whole(path: Path, *, durable: bool) -> Iterator[BinaryIO]:
    """Open a temporary file. After the block, it is renamed. If the block raises, it is removed.

    Args:
        durable: sync the file to disk before it gets its name.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with temporary.open("wb") as file:
            yield file
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


def sync_file_system(folder: Path) -> None:
    """Sync everything on the file system of a folder to disk. Faster than thousands of single files.

    Raises:
        OSError: the disk has failed to write something.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)


def remove_stale(folder: Path, names: re.Pattern[str], age: float = STALE_SECONDS) -> None:
    """Remove a folder's temporary files that were last written more than `age` seconds ago.

    Args:
        names: the names of these files, see `service.galleries.own_names.temporary`.
    """
    before = time.time() - age
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if names.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):  # its writer has just renamed it, or the disk is read-only
                    if entry.stat(follow_symlinks=False).st_mtime < before:
                        Path(entry).unlink()
