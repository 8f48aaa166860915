"""How long the work of a request and other work wait for a lock."""

import contextvars
import threading
import time

import pytest

from service.deadline import start_deadline
from service.errors import GalleryBusy
from service.galleries.locks import BACKGROUND_SECONDS, REQUEST_SECONDS, LockWait, lock_seconds


def in_request(seconds: float, call):
    def run():
        start_deadline(seconds)
        return call()

    return contextvars.copy_context().run(run)


def test_a_request_waits_for_less_time_than_other_work():
    assert lock_seconds() == BACKGROUND_SECONDS
    assert in_request(60, lock_seconds) == REQUEST_SECONDS
    assert 0 < in_request(0.5, lock_seconds) <= 0.5
    assert in_request(-1, lock_seconds) == 0


def test_all_locks_of_one_use_share_its_time():
    free, held = threading.Lock(), threading.Lock()
    held.acquire()
    wait = LockWait("g", 0.3)
    began = time.monotonic()
    with wait.hold(free), pytest.raises(GalleryBusy, match="'g' is locked"), wait.hold(held):
        pass
    with pytest.raises(GalleryBusy), wait.hold(held):
        pass
    assert time.monotonic() - began < 2
    assert not free.locked()
    assert wait.left == 0
