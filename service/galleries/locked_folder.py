"""A lock on a folder that a process fills for a while. Others then do not take it for a leftover.

The lock ends with its process, also if that is killed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a folder during a block. The lock stays if the folder is renamed."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def is_locked(folder: Path) -> bool:
    """Return whether a process has locked a folder. Also if that cannot be found out."""
    try:
        with locked(folder):
            return False
    except OSError:
        return True
