"""Use case: re-embed galleries while they answer requests. Requests come first."""

import asyncio
import logging
from contextlib import suppress
from contextvars import Context
from functools import partial

import torch

from model.presets import Side
from service.embedding import Embedding
from service.errors import GalleryNotFound, GalleryReindexed
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
from service.galleries.records import GallerySpec, Photo
from service.galleries.reindex.job import (
    ReindexJob,
    cancel_reindex,
    last_progress,
    pair_with_embeddings,
    read_photo,
)
from service.galleries.reindex.records import ReadPhoto, ReindexProgress
from service.galleries.sizes import correct_sizes
from service.galleries.threads.pools import GalleryPools
from service.images.budget import DecodedBudget
from service.inference.embedder import Embedder
from service.registry.model import Model
from service.registry.registry import Registry

logger = logging.getLogger(__name__)

BATCH = 4
"""Photos in one forward pass. Small, because a search that arrives during the pass waits for it."""

STOP_SECONDS = 10.0
"""Longest wait for reindexes to stop. A stalled one ends with the process."""


class BackgroundReindexer:
    """Runs reindexes in this process, and reports those of other processes.

    One thread for each reindex reads photos and uses SQLite. Photos are embedded in the engine's background
    queue, when no request waits.
    """

    def __init__(
        self,
        *,
        galleries: Galleries,
        registry: Registry,
        embedder: Embedder,
        pools: GalleryPools,
        budget: DecodedBudget,
    ) -> None:
        self._galleries = galleries
        self._registry = registry
        self._embedder = embedder
        self._pools = pools
        self._budget = budget
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def begin(
        self, name: str, model_name: str | None, *, drawn: bool | None = None, from_scratch: bool
    ) -> ReindexProgress:
        """Start to re-embed a gallery, or resume an interrupted reindex.

        Args:
            model_name: name of the new model. Defaults to the served version of the gallery's model.
            drawn, from_scratch: as in `ReindexJob`.

        Raises:
            GalleryNotFound, ModelNotFound, DomainUnknown, CapabilityMissing.
            ReindexRunning: this or another process is re-embedding the gallery.
        """
        # Shielded: a client that disconnects must not stop a reindex between its lock and its task.
        return await asyncio.shield(self._begin(name, model_name, drawn, from_scratch))

    async def progress(self, name: str) -> ReindexProgress:
        """Return the progress of a gallery's last reindex. Raises GalleryNotFound, ReindexNotFound."""
        return await self._pools.opening.run(name, lambda: last_progress(self._galleries.open(name)))

    async def cancel(self, name: str) -> None:
        """Cancel a reindex. The gallery keeps its old embeddings. Raises GalleryNotFound, ReindexNotFound."""
        await self._pools.writing.run(name, lambda: cancel_reindex(self._galleries.open(name)))
        if (task := self._tasks.get(name)) is not None:
            task.cancel()
            await asyncio.wait({task})

    async def stop(self) -> None:
        """Interrupt all reindexes of this process. They can be resumed."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)

    async def _begin(
        self, name: str, model_name: str | None, drawn: bool | None, from_scratch: bool
    ) -> ReindexProgress:
        gallery = await self._pools.opening.run(name, self._galleries.open, name)
        model = self._registry.get(model_name or gallery.spec.model, capability="retrieve")
        side = model.side(gallery.spec.domain)
        await self._pools.opening.run(name, self._galleries.require_space)
        job = await self._pools.writing.run(
            name, ReindexJob, gallery, GallerySpec.of(model, side), drawn=drawn, from_scratch=from_scratch
        )
        task = self._tasks[name] = asyncio.create_task(
            self._run(job, model, side),
            name=f"reindex {name}",
            context=Context(),  # without the deadline of this request
        )
        task.add_done_callback(partial(self._forget, name))
        return await self._pools.opening.run(name, job.progress)

    def _forget(self, name: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(name) is task:
            del self._tasks[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("cannot end the reindex of gallery %s", name, exc_info=error)

    async def _run(self, job: ReindexJob, model: Model, side: Side) -> None:
        error: BaseException | None = None
        name = job.gallery.name
        try:
            await self._pools.reindexing.run(name, correct_sizes, job.gallery)
            while not job.switched:
                pages = job.pages()
                while (page := await self._pools.reindexing.run(name, next, pages, None)) is not None:
                    await self._embed(job, page, model, side)
                await self._pools.reindexing.run(name, job.switch)
            logger.info("gallery %s is now embedded by %s in version %s", name, model.id, model.version)
            await self._pools.reindexing.run(name, self._prepare_index, name)
        except Exception as failure:
            error = failure
            logger.warning("the reindex of gallery %s failed: %s", name, failure or type(failure).__name__)
        except asyncio.CancelledError as cancelled:
            error = cancelled
            raise
        finally:
            await self._pools.reindexing.run(name, job.end, error)

    async def _embed(self, job: ReindexJob, page: list[Photo], model: Model, side: Side) -> None:
        """Embed a page and store its embeddings. The next batch is read while one is embedded."""
        batches = [page[start : start + BATCH] for start in range(0, len(page), BATCH)]
        photos: list[ReadPhoto] = []
        embeddings: list[Embedding] = []
        reading = self._read(job.gallery, model, side, batches[0])
        for next_batch in [*batches[1:], []]:
            batch = await reading
            reading = self._read(job.gallery, model, side, next_batch)
            photos += batch
            pixels = [photo.pixels for photo in batch if photo.pixels is not None]
            if pixels:
                codes = self._embedder.in_background(model, side, torch.stack(pixels), drawn=job.drawn)
                embeddings += list(await codes)
        embedded = pair_with_embeddings(photos, embeddings)
        await self._pools.reindexing.run(job.gallery.name, job.keep, embedded)

    def _read(
        self, gallery: Gallery, model: Model, side: Side, photos: list[Photo]
    ) -> asyncio.Task[list[ReadPhoto]]:
        def read() -> list[ReadPhoto]:
            return [
                read_photo(gallery, model.inference, side, photo, reserve=self._budget.reserve_blocking)
                for photo in photos
            ]

        return asyncio.create_task(self._pools.reindexing.run(gallery.name, read))

    def _prepare_index(self, name: str) -> None:
        """Open the re-embedded gallery and build its index, before a search has to wait for it."""
        with suppress(GalleryNotFound, GalleryReindexed):
            self._galleries.open(name).prepare()
