"""Use case: send a gallery as one Parquet file to a client, as fast as the client reads it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from math import inf

from service.deadline import Deadline, shared_deadline
from service.errors import Overloaded
from service.galleries.collection import Galleries
from service.galleries.parquet.exporting import Export
from service.galleries.threads.pools import GalleryPools

AT_ONCE = 2
"""Files that are sent at the same time. Each reads the disk as fast as its client reads."""


class Downloads:
    """Exports for clients. Blocking work runs in the pools' threads: no client holds a thread."""

    def __init__(self, *, galleries: Galleries, pools: GalleryPools) -> None:
        self._galleries, self._pools = galleries, pools
        self._running = 0

    async def open(self, name: str, *, photos: bool) -> Export:
        """Begin an export without paths of this machine. Raises GalleryNotFound, ExtraMissing."""
        return await self._pools.opening.run(
            name, lambda: Export(self._galleries.open(name), photos=photos, paths=False)
        )

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Take one of the `AT_ONCE` places during a block. Raises Overloaded."""
        if self._running >= AT_ONCE:
            raise Overloaded(
                f"{AT_ONCE} galleries are being exported, the maximum; try again when one of them is done",
                retry_after=10,
            )
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    async def parts(self, export: Export) -> AsyncIterator[bytes]:
        """Yield the bytes of the file. Each piece may take as long as a request may."""
        pieces = export.parts()
        while True:
            part = await self._pools.opening.run(export.gallery.name, next, pieces, None)
            if part is None:
                return
            yield part

    async def rest(self, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the remaining bytes, after the request's deadline, too: the client reads them meanwhile."""
        while True:
            with shared_deadline(Deadline(inf)):
                part = await anext(parts, None)
            if part is None:
                return
            yield part
