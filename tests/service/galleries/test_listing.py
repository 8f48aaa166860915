"""The list of galleries while some of them do not answer."""

import asyncio
import threading
import time
from types import SimpleNamespace

from gallery_photos import spec

from service.errors import StorageUnavailable
from service.galleries import listing
from service.galleries.collection import Galleries
from service.galleries.listing import Listing
from service.galleries.threads.pools import GalleryPools


def test_galleries_that_stall_or_fail_are_listed_as_unavailable(tmp_path, monkeypatch):
    monkeypatch.setattr(listing, "LIST_SECONDS", 0.3)
    galleries, answers = Galleries(tmp_path), threading.Event()
    for name in ("a", "failing", "stalled", "z"):
        galleries.create(name, spec())
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "gallery.sqlite").write_bytes(b"damaged" * 1000)
    opened = Galleries.open

    def open_or_stall(self, name, *, keep=True):
        if name == "stalled":
            assert answers.wait(20)
        if name == "failing":
            raise StorageUnavailable("the disk cannot be used")
        return opened(self, name, keep=keep)

    monkeypatch.setattr(Galleries, "open", open_or_stall)

    async def scenario() -> tuple[listing.GalleryList, float]:
        registry = SimpleNamespace(models=list)
        rows = Listing(galleries=galleries, registry=registry, pools=GalleryPools(max_waiting=9))  # type: ignore[arg-type]
        began = time.monotonic()
        found = await rows.all()
        return found, time.monotonic() - began

    try:
        found, seconds = asyncio.run(scenario())
    finally:
        answers.set()
    assert seconds < 5
    assert [each.name for each in found.readable] == ["a", "z"]
    assert [each.name for each in found.damaged] == ["damaged"]
    assert [each.name for each in found.unavailable] == ["failing", "stalled"]
    assert "does not answer" in found.unavailable[1].reason
