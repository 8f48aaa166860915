"""The lock file of a gallery's reindex: one process at a time re-embeds a gallery."""

import fcntl
import os
import time
from typing import BinaryIO

from model.regular_file import NotRegularFile, open_regular
from service.errors import ReindexRunning
from service.galleries.gallery import Gallery

LOCK = "reindex.lock"
TIMEOUT = 0.5
"""Seconds to wait for the lock, because `is_locked` holds it for a moment."""
RETRY = 0.02
"""Seconds between two attempts."""


def lock(gallery: Gallery) -> BinaryIO:
    """Lock the gallery's reindex. Closing the returned file or ending the process releases it.

    Raises:
        GalleryNotFound.
        ReindexRunning: this or another process has the lock.
    """
    with gallery.database.translated_errors():
        # O_NONBLOCK: opening a FIFO of this name must not wait for another process
        flags = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK
        file = os.fdopen(os.open(gallery.folder / LOCK, flags, 0o666), "wb")
    until = time.monotonic() + TIMEOUT
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            if time.monotonic() >= until:
                file.close()
                raise ReindexRunning(
                    f"a reindex of gallery {gallery.name!r} is running; wait until it is done, or cancel it"
                ) from None
            time.sleep(RETRY)


def is_locked(gallery: Gallery) -> bool:
    """Return whether a process has the lock."""
    try:
        with open_regular(gallery.folder / LOCK) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (FileNotFoundError, NotRegularFile):
        return False
    except BlockingIOError:
        return True
    return False
