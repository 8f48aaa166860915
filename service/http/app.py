"""The composition root: all parts are made and joined here, started and stopped in order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from model.allocator import give_back
from model.checkpoint import code_version
from service.cache.embeddings import EmbeddingCache
from service.cache.redis import RedisCache
from service.galleries.catalogue import Catalogue
from service.galleries.collection import Galleries
from service.galleries.reindex.background import BackgroundReindexer
from service.galleries.search import Search
from service.http import docs, openapi, problems
from service.http.dependencies import Services
from service.http.middleware import (
    PAGE_POLICY,
    BodyLimit,
    CancelOnDisconnect,
    HeadAsGet,
    RequestId,
    RequireKey,
)
from service.http.problems import RangeProblems, UnhandledErrors
from service.http.routes import galleries, images, models, ops, reindex, search
from service.http.security import SameOriginOnly
from service.http.telemetry import RequestMetrics, Telemetry
from service.inference import device
from service.inference.embedder import Embedder
from service.inference.engine import Engine
from service.inference.translation import Translator
from service.inference.workers import Workers
from service.registry.registry import Registry
from service.settings import Settings

WEB = Path(str(files("service"))) / "web"
DESCRIPTION = "Draw a sketch and find the photos; translate and recombine images across two domains. Built on IIAE (Hwang et al., NeurIPS 2020)."


def compose(settings: Settings) -> Services:
    """All parts, made but not started."""
    where = device.select_device(settings.device)
    telemetry = Telemetry()
    redis = (
        RedisCache(settings.redis_url, timeout=settings.redis_timeout_ms / 1000)
        if settings.redis_url
        else None
    )
    cache = EmbeddingCache(max_bytes=int(settings.cache_mb * 1e6), redis=redis)
    engine = Engine(
        queue_items=settings.queue_items,
        batch_items=settings.batch_items,
        wait_ms=settings.batch_wait_ms,
        device=where,
        threads=device.configure_threads(settings.threads),
        on_batch=telemetry.on_batch,
        on_idle=give_back,
    )
    workers = Workers(max_waiting=settings.queue_items)
    registry = Registry(
        store=settings.checkpoints,
        device=where,
        poll_seconds=settings.store_poll_seconds,
        default=settings.default_model,
    )
    embedder = Embedder(engine=engine, cache=cache, workers=workers, max_pixels=settings.max_pixels)
    collection = Galleries(settings.galleries)
    searcher = Search(
        galleries=collection,
        registry=registry,
        embedder=embedder,
        workers=workers,
        default_gallery=settings.default_gallery,
    )
    catalogue = Catalogue(
        galleries=collection,
        registry=registry,
        embedder=embedder,
        workers=workers,
        max_pixels=settings.max_pixels,
    )
    reindexing = BackgroundReindexer(
        galleries=collection, registry=registry, embedder=embedder, workers=workers
    )
    translator = Translator(engine=engine, embedder=embedder, workers=workers)
    telemetry.watch(lambda: _gauges(engine, cache, registry))
    return Services(
        settings=settings,
        registry=registry,
        engine=engine,
        cache=cache,
        workers=workers,
        embedder=embedder,
        translator=translator,
        galleries=collection,
        search=searcher,
        catalogue=catalogue,
        reindexing=reindexing,
        telemetry=telemetry,
    )


def create_app(settings: Settings) -> FastAPI:
    """The service as an ASGI application."""
    parts = compose(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await parts.engine.start()
        await parts.cache.start()
        await parts.registry.start()
        try:
            yield
        finally:
            app.state.draining = True
            await parts.reindexing.stop()
            await parts.registry.stop()
            await parts.engine.stop(settings.drain_seconds)
            await parts.cache.stop()
            await asyncio.to_thread(parts.galleries.close)

    app = FastAPI(
        title="IIAE as a service",
        version=code_version(),
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        middleware=_middleware(parts),
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = parts
    for group in (images, search, galleries, reindex, models, ops):
        app.include_router(group.router)
    _page(app)
    problems.install(app)
    openapi.install(app)
    docs.install(app)
    return app


def _middleware(parts: Services) -> list[Middleware]:
    """What a request goes through, outermost first."""
    settings = parts.settings
    most, held = int(settings.max_upload_mb * 1e6), int(settings.held_mb * 1e6)
    return [
        Middleware(HeadAsGet),  # below, nobody need know of HEAD
        Middleware(RequestId),  # all that leaves has an id
        Middleware(RequestMetrics, telemetry=parts.telemetry),  # and is counted, refusals and failures too
        Middleware(UnhandledErrors),  # from here inwards anything may raise
        Middleware(SameOriginOnly, settings=settings),  # refused before anything is done for them
        Middleware(CancelOnDisconnect),  # reads on after the body, where nothing is counted or timed any more
        Middleware(
            BodyLimit,
            max_bytes=most,
            max_held=held,
            idle_seconds=settings.idle_seconds,
            upload_seconds=settings.upload_seconds,
        ),
        Middleware(RequireKey, parts=parts),  # nothing of a body is asked for before the key
        Middleware(RangeProblems),  # next to the routes, whose files it speaks for
    ]


class _Revalidated(StaticFiles):
    """Files that browsers ask about again each time (an ETag answers), so that an upgrade never mixes old and new modules."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:  # what Starlette passes is passed on
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _page(app: FastAPI) -> None:
    app.mount("/static", _Revalidated(directory=WEB, check_dir=False), name="static")

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return FileResponse(
            WEB / "index.html", headers={"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-cache"}
        )


def _gauges(engine: Engine, cache: EmbeddingCache, registry: Registry) -> dict[str, float]:
    stats = cache.stats()
    return {
        "queue_items": engine.depth,
        "models": len(registry.models()),
        "models_rejected": len(registry.rejected()),
        "cache_entries": stats.entries,
        "cache_bytes": stats.size,
        "cache_hits": stats.hits,
        "cache_redis_hits": stats.redis_hits,
        "cache_misses": stats.misses,
        "redis_up": float(stats.redis == "up"),
    }
