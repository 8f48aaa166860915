"""The composition root: creates all services and the ASGI app, and starts and stops them in order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from model.allocator import give_back
from model.checkpoint import code_version
from service.cache.embeddings import EmbeddingCache
from service.cache.redis import RedisCache
from service.defaults import Defaults
from service.errors import ServiceError
from service.galleries.catalogue import Catalogue
from service.galleries.collection import Galleries
from service.galleries.defaults import DefaultGalleries
from service.galleries.parquet.download import Downloads
from service.galleries.reindex.background import BackgroundReindexer
from service.galleries.search import Search
from service.galleries.threads.pools import GalleryPools
from service.http import docs, exception_handlers, openapi, page
from service.http.controls import Controls
from service.http.dependencies import Services
from service.http.loop_monitor import LoopMonitor
from service.http.middleware_stack import middleware_stack
from service.http.multipart import Forms
from service.http.rate_limits import RateLimits, RedisCounters
from service.http.routes import export, galleries, images, models, ops, photos, reindex, search
from service.http.telemetry import Telemetry
from service.http.traces import open_traces
from service.images.budget import DecodedBudget
from service.inference import device
from service.inference.decoded_ahead import BATCHES_AHEAD, DecodedAhead
from service.inference.decoding import Decoder
from service.inference.embedder import Embedder
from service.inference.engine import Engine
from service.inference.freed_memory import FreedMemory
from service.inference.translation import Translator
from service.inference.workers import Workers
from service.registry.registry import Registry
from service.settings import Settings
from service.storage import Disk

DESCRIPTION = (
    "Find photos with a sketch; translate and recombine images across two domains. "
    "Built on IIAE (Hwang et al., NeurIPS 2020)."
)

SPARE_FILES = 16
"""Files that a form may have beyond `max_images`. Then an operation's own error names the field."""
CLOSE_SECONDS = 5.0
"""Longest wait for the galleries to close. The threads of a stalled one end with the process."""


def compose(settings: Settings) -> Services:
    """Create all services, without starting them."""
    torch_device = device.select_device(settings.device)
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
        device=torch_device,
        threads=device.configure_threads(settings.threads),
        on_batch=telemetry.on_batch,
        on_idle=give_back,
    )
    decoding = Workers(max_waiting=settings.queue_items, name="decoding")
    encoding = Workers(max_waiting=settings.queue_items, name="encoding")
    pools = GalleryPools(max_waiting=settings.queue_items)
    controls = Controls()
    defaults = Defaults(settings.home)
    registry = Registry(
        store=settings.checkpoints,
        device=torch_device,
        poll_seconds=settings.store_poll_seconds,
        default=settings.default_model,
        defaults=defaults,
    )
    budget = DecodedBudget(int(settings.decoded_mb * 1e6), on_release=FreedMemory().freed)
    decoder = Decoder(
        workers=decoding,
        budget=budget,
        max_pixels=settings.max_pixels,
        max_waiting=settings.queue_items,
    )
    ahead = DecodedAhead(places=BATCHES_AHEAD * settings.batch_items, max_waiting=settings.queue_items)
    embedder = Embedder(engine=engine, cache=cache, decoder=decoder, ahead=ahead)
    collection = Galleries(settings.galleries, min_free=int(settings.min_free_mb * 1e6))
    disk = Disk(settings.galleries, min_free=int(settings.min_free_mb * 1e6))
    default_galleries = DefaultGalleries(defaults, pools=pools, configured=settings.default_gallery)
    searcher = Search(
        galleries=collection,
        registry=registry,
        embedder=embedder,
        pools=pools,
        defaults=default_galleries,
    )
    catalogue = Catalogue(
        galleries=collection,
        registry=registry,
        embedder=embedder,
        pools=pools,
        decoder=decoder,
        defaults=default_galleries,
        queue_items=settings.queue_items,
    )
    reindexing = BackgroundReindexer(
        galleries=collection, registry=registry, embedder=embedder, pools=pools, budget=budget
    )
    translator = Translator(engine=engine, embedder=embedder, workers=encoding)
    telemetry.watch(
        engine=engine,
        cache=cache,
        registry=registry,
        budget=budget,
        pools=[ahead, decoding, encoding, *pools.all],
        disk=disk,
        controls={"computing": controls.computing, "adding": controls.adding},
        galleries=collection,
    )
    return Services(
        settings=settings,
        registry=registry,
        engine=engine,
        cache=cache,
        decoder=decoder,
        decoding=decoding,
        encoding=encoding,
        pools=pools,
        disk=disk,
        embedder=embedder,
        translator=translator,
        galleries=collection,
        default_galleries=default_galleries,
        search=searcher,
        catalogue=catalogue,
        downloads=Downloads(galleries=collection, pools=pools),
        reindexing=reindexing,
        telemetry=telemetry,
        controls=controls,
        rate_limits=_rate_limits(settings),
        traces=open_traces(settings.traces_url) if settings.traces_url else None,
    )


def _rate_limits(settings: Settings) -> RateLimits:
    url, timeout = settings.redis_url, settings.redis_timeout_ms / 1000
    counters = RedisCounters(url, timeout=timeout) if url else None
    return RateLimits(rate=settings.rate_limit, quota=settings.quota, redis=counters)


def create_app(settings: Settings) -> FastAPI:
    """Create the ASGI app of a service."""
    services = compose(settings)
    loop_monitor = LoopMonitor(services.telemetry.registry)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await services.engine.start()
        await services.cache.start()
        await services.registry.start()
        cleaning = asyncio.create_task(services.catalogue.remove_stale())
        try:
            async with loop_monitor.running():
                yield
        finally:
            app.state.draining = True
            cleaning.cancel()
            await services.reindexing.stop()
            await services.registry.stop()
            await services.engine.stop(settings.drain_seconds)
            await services.cache.stop()
            await services.rate_limits.stop()
            if services.traces is not None:
                await services.traces.stop()
            await services.pools.drain(CLOSE_SECONDS)
            with suppress(TimeoutError, ServiceError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await services.pools.opening.run("", services.galleries.close)

    app = FastAPI(
        title="IIAE as a service",
        version=code_version(),
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        middleware=middleware_stack(services),
        openapi_url=None,  # `openapi` and `docs` below serve their own
    )
    app.state.services = services
    app.state.forms = Forms(max_files=settings.max_images + SPARE_FILES)
    for routes in (images, search, galleries, photos, export, reindex, models, ops):
        app.include_router(routes.router)
    page.install(app)
    exception_handlers.install(app)
    openapi.install(app, settings.root_path)
    docs.install(app)
    return app
