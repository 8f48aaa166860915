"""The lock file of a gallery's sync: one process at a time syncs a gallery."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from service.galleries.gallery import Gallery
from service.galleries.sync.records import SyncRefused

LOCK = "sync.lock"


@contextmanager
def syncing(gallery: Gallery) -> Iterator[None]:
    """Hold the lock. It is released at the end of the block, or of the process.

    Raises:
        GalleryNotFound.
        SyncRefused: another process syncs the gallery.
    """
    with gallery.database.translated_errors():
        # O_NONBLOCK: opening a FIFO of this name must not wait for another process
        flags = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.fdopen(os.open(gallery.folder / LOCK, flags, 0o666), "wb")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SyncRefused(
                f"another process syncs gallery {gallery.name!r} just now; try again when it is done"
            ) from None
        yield
