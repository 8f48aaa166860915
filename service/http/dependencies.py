"""The services that routes depend on."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from service.cache.embeddings import EmbeddingCache
from service.galleries.catalogue import Catalogue
from service.galleries.collection import Galleries
from service.galleries.defaults import DefaultGalleries
from service.galleries.parquet.download import Downloads
from service.galleries.reindex.background import BackgroundReindexer
from service.galleries.search import Search
from service.galleries.threads.pools import GalleryPools
from service.http.controls import Controls
from service.http.rate_limits import RateLimits
from service.http.telemetry import Telemetry
from service.http.traces import Traces
from service.inference.decoding import Decoder
from service.inference.embedder import Embedder
from service.inference.engine import Engine
from service.inference.translation import Translator
from service.inference.workers import Workers
from service.registry.registry import Registry
from service.settings import Settings
from service.storage import Disk


@dataclass(frozen=True, kw_only=True)
class Services:
    """All services of one app. `service.http.app.compose` creates them."""

    settings: Settings
    registry: Registry
    engine: Engine
    cache: EmbeddingCache
    decoder: Decoder
    decoding: Workers
    encoding: Workers
    pools: GalleryPools
    disk: Disk
    embedder: Embedder
    translator: Translator
    galleries: Galleries
    default_galleries: DefaultGalleries
    search: Search
    catalogue: Catalogue
    downloads: Downloads
    reindexing: BackgroundReindexer
    telemetry: Telemetry
    rate_limits: RateLimits
    traces: Traces | None
    controls: Controls


async def get_services(request: Request) -> Services:
    """Return the services of the request's app.

    A coroutine function, because FastAPI runs plain functions in a thread, at every request.
    """
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(get_services)]


async def require_ready(services: ServicesDep) -> None:
    """Refuse requests while the models are being loaded. Names that are not known yet must not give 404."""
    services.registry.check_ready()
