"""Memory is returned after many bytes and after a delay, but not after every picture."""

import threading

from service.inference.freed_memory import KEPT, LARGE, FreedMemory


class Trims:
    """Counts calls, and tells when one came."""

    def __init__(self) -> None:
        self.count = 0
        self.came = threading.Event()

    def __call__(self) -> None:
        self.count += 1
        self.came.set()


def test_memory_is_returned_after_many_bytes(monkeypatch):
    monkeypatch.setattr("service.inference.freed_memory.DELAY", 60)
    trims = Trims()
    memory = FreedMemory(trims)
    pictures = KEPT // LARGE
    for _ in range(2 * pictures):
        memory.freed(LARGE)
    assert trims.count == 2


def test_memory_of_the_last_picture_is_returned_soon(monkeypatch):
    monkeypatch.setattr("service.inference.freed_memory.DELAY", 0.01)
    trims = Trims()
    memory = FreedMemory(trims)
    for _ in range(2):
        memory.freed(LARGE)
        assert trims.came.wait(10)
        trims.came.clear()
    assert trims.count <= 2


def test_small_pictures_return_nothing(monkeypatch):
    monkeypatch.setattr("service.inference.freed_memory.DELAY", 0)
    trims = Trims()
    memory = FreedMemory(trims)
    for _ in range(1000):
        memory.freed(LARGE - 1)
    assert not trims.came.wait(0.1)
