"""Open regular files only. A FIFO, a device or a folder under a file's name is refused at once.

`open` on a FIFO waits until another process opens the other end, perhaps forever. Reading a device may never
end.
"""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path


class NotRegularFile(OSError):
    """There is something else under a file's name: a FIFO, a socket, a device or a folder."""


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading; links are followed. It never waits for another process.

    Raises:
        NotRegularFile: there is something else under this name.
        OSError: the file is missing or cannot be read.
    """
    _check(path, path.stat().st_mode)  # first, because opening a device can have effects
    return open(path, "rb", opener=_open)  # `Path.open` takes no opener


def read_regular(path: Path, *, limit: int | None = None) -> bytes:
    """Return the bytes of a regular file.

    Raises:
        OSError: as `open_regular`, or the file has more than `limit` bytes.
    """
    with open_regular(path) as file:
        data = file.read() if limit is None else file.read(limit + 1)
    if limit is not None and len(data) > limit:
        raise OSError(errno.EFBIG, f"the file has more than {limit:,} bytes", str(path))
    return data


def _open(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        _check(Path(path), os.fstat(descriptor).st_mode)  # again: the file may have been replaced
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _check(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise NotRegularFile(errno.EINVAL, "not a regular file", str(path))
