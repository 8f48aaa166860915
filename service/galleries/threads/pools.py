"""The pools of threads that galleries use. Each kind of work has a pool of its own."""

from service.galleries.threads.gallery_threads import GalleryThreads

WRITE_STALL_SECONDS = 30.0
"""Adding many large photos to a slow disk takes seconds. The next change of the gallery waits for it."""


class GalleryPools:
    """The pools.

    Attributes:
        opening: opens galleries, lists them and reads their photos.
        searching: SQLite and FAISS of searches.
        writing: changes. One at a time in each gallery, because SQLite has one writer.
        reindexing: reindexes in the background.
        all: all of them, for metrics.

    Args:
        max_waiting: calls of one gallery that may wait in each pool.
    """

    def __init__(self, max_waiting: int) -> None:
        self.opening = GalleryThreads("opening", per_gallery=4, max_waiting=max_waiting)
        self.searching = GalleryThreads("searching", per_gallery=4, max_waiting=max_waiting)
        self.writing = GalleryThreads(
            "writing", per_gallery=1, max_waiting=max_waiting, stall_seconds=WRITE_STALL_SECONDS
        )
        self.reindexing = GalleryThreads(
            "reindexing", per_gallery=1, max_waiting=max_waiting, stall_seconds=WRITE_STALL_SECONDS
        )
        self.all = (self.opening, self.searching, self.writing, self.reindexing)

    async def drain(self, seconds: float) -> None:
        """Wait until all calls have ended, at most this long for each pool."""
        for pool in self.all:
            await pool.drain(seconds)
