"""One process at a time holds the lock of a gallery's reindex."""

import os
import threading

import pytest
from reindexer import spec

from service.errors import GalleryNotFound, ReindexRunning
from service.galleries.collection import Galleries
from service.galleries.reindex import lock as lock_module
from service.galleries.reindex.lock import is_locked, lock


@pytest.fixture
def gallery(tmp_path):
    return Galleries(tmp_path).create("g", spec("d0"))


def test_the_lock_is_held_until_its_file_is_closed(gallery, monkeypatch):
    monkeypatch.setattr(lock_module, "TIMEOUT", 0)
    assert not is_locked(gallery)
    with lock(gallery):
        assert is_locked(gallery)
        with pytest.raises(ReindexRunning, match="'g'"):
            lock(gallery)
    assert not is_locked(gallery)
    lock(gallery).close()


def test_a_lock_that_is_released_soon_is_waited_for(gallery):
    held = lock(gallery)
    timer = threading.Timer(0.1, held.close)
    timer.start()
    lock(gallery).close()
    timer.join()


def test_a_deleted_gallery_cannot_be_locked(gallery, tmp_path):
    Galleries(tmp_path).delete("g")
    with pytest.raises(GalleryNotFound):
        lock(gallery)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.timeout(30)  # opening a FIFO waits forever
def test_a_fifo_of_the_locks_name_blocks_nobody(gallery):
    os.mkfifo(gallery.folder / lock_module.LOCK)
    with lock(gallery):
        is_locked(gallery)
