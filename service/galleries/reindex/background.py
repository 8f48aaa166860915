"""Use case: galleries embedded anew while they answer, by models that are served; requests come first."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import ParamSpec, TypeVar

import torch

from model.presets import Side
from service.errors import GalleryNotFound, GalleryReindexed
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
from service.galleries.records import GallerySpec, Photo
from service.galleries.reindex.job import (
    ReadPhoto,
    ReindexJob,
    cancel_reindex,
    last_progress,
    pair_with_embeddings,
    read_photo,
)
from service.galleries.reindex.rows import ReindexProgress
from service.inference.embedder import Embedder
from service.inference.workers import Workers
from service.registry.model import Model
from service.registry.registry import Registry

logger = logging.getLogger(__name__)

BATCH = 4
"""Photos of one forward pass: what a search that comes meanwhile waits for."""

P = ParamSpec("P")
T = TypeVar("T")


class BackgroundReindexer:
    """Reindexes that this process does, and a look at those of others.

    Photos are read in one thread of its own, so that the workers are free for requests, and are embedded where the
    engine has nothing else to do.
    """

    def __init__(
        self, *, galleries: Galleries, registry: Registry, embedder: Embedder, workers: Workers
    ) -> None:
        self._galleries, self._registry, self._embedder, self._workers = (
            galleries,
            registry,
            embedder,
            workers,
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reindex")
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def begin(self, name: str, model_name: str | None, *, from_scratch: bool) -> ReindexProgress:
        """Begins to embed a gallery by a model, or goes on with what was interrupted; without a model, by that of its name.

        Raises:
            GalleryNotFound, ModelNotFound, DomainUnknown, CapabilityMissing.
            ReindexRunning: it is being done, here or by another process.
        """
        return await asyncio.shield(
            self._begin(name, model_name, from_scratch)
        )  # also where who asked for it does not wait for the answer

    async def progress(self, name: str) -> ReindexProgress:
        """How far the last reindex of a gallery is, or came. Raises GalleryNotFound, ReindexNotFound."""
        return await self._workers.run(lambda: last_progress(self._galleries.open(name)))

    async def cancel(self, name: str) -> None:
        """Ends a reindex; the gallery is as it was. Raises GalleryNotFound, ReindexNotFound."""
        await self._workers.run(lambda: cancel_reindex(self._galleries.open(name)))
        if (task := self._tasks.get(name)) is not None:
            task.cancel()
            await asyncio.wait({task})

    async def stop(self) -> None:
        """Interrupts all of them; job again, they go on where they were."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._thread.shutdown()

    async def _begin(self, name: str, model_name: str | None, from_scratch: bool) -> ReindexProgress:
        opened = await self._workers.run(self._galleries.open, name)
        model = self._registry.get(model_name or opened.spec.model, capability="retrieve")
        side = model.side(opened.spec.domain)
        job = await self._workers.run(
            ReindexJob, opened, GallerySpec.of(model, side), from_scratch=from_scratch
        )
        task = self._tasks[name] = asyncio.create_task(self._do(job, model, side), name=f"reindex {name}")
        task.add_done_callback(partial(self._done, name))
        return await self._workers.run_unbounded(job.progress)

    def _done(self, name: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(name) is task:
            del self._tasks[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("the reindex of gallery %s could not be ended well", name, exc_info=error)

    async def _do(self, job: ReindexJob, model: Model, side: Side) -> None:
        error: BaseException | None = None
        name = job.gallery.name
        try:
            while not job.switched:
                pages = job.pages()
                while (page := await self._in_thread(next, pages, None)) is not None:
                    await self._embed(job, page, model, side)
                await self._in_thread(job.switch)
            logger.info("gallery %s is embedded by %s in version %s now", name, model.id, model.version)
            await self._in_thread(self._prepared, name)
        except Exception as failure:
            error = failure
            logger.warning("the reindex of gallery %s ended: %s", name, failure or type(failure).__name__)
        except asyncio.CancelledError as stopped:
            error = stopped
            raise
        finally:
            await self._in_thread(job.end, error)

    async def _embed(self, job: ReindexJob, page: list[Photo], model: Model, side: Side) -> None:
        """Embeds a page and keeps what came of it; some photos are read while those before them are computed."""
        parts = [page[start : start + BATCH] for start in range(0, len(page), BATCH)]
        reads: list[list[ReadPhoto]] = []
        codes = []
        reading = self._reading(job.gallery, model, side, parts[0])
        for following in [*parts[1:], []]:
            reads.append(await reading)
            reading = self._reading(job.gallery, model, side, following)
            pixels = [each.pixels for each in reads[-1] if each.pixels is not None]
            if pixels:
                codes += list(await self._embedder.in_background(model, side, torch.stack(pixels)))
        await self._in_thread(
            job.keep, pair_with_embeddings([each for part in reads for each in part], codes)
        )

    def _reading(
        self, gallery: Gallery, model: Model, side: Side, photos: list[Photo]
    ) -> asyncio.Future[list[ReadPhoto]]:
        return self._in_thread(
            lambda: [read_photo(gallery, model.inference, side, photo) for photo in photos]
        )

    def _prepared(self, name: str) -> None:
        """Opens the gallery anew and has its index made before somebody waits for it."""
        with suppress(GalleryNotFound, GalleryReindexed):
            self._galleries.open(name).prepare()

    def _in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, partial(function, *args, **kwargs))
