"""Searches by the service: where scores are computed, and what a mean of several pictures finds."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
import torch
from decoding import ahead, decoder
from serving import EXPANDED_CURVE, PHOTO_CURVE, SKETCH_CURVE, png, publish_sketch

from model.checkpoint import Manifest
from service.cache.embeddings import EmbeddingCache
from service.defaults import Defaults
from service.errors import GalleryNotFound, PhotoNotFound
from service.galleries.adding import Notes
from service.galleries.catalogue import Catalogue
from service.galleries.collection import Galleries
from service.galleries.defaults import DefaultGalleries
from service.galleries.query import Selection
from service.galleries.search import Search
from service.galleries.threads.pools import GalleryPools
from service.images.upload import Upload
from service.inference.embedder import Embedder
from service.inference.engine import Engine
from service.inference.workers import Workers
from service.registry.registry import Registry

CURVES = {"x": PHOTO_CURVE, "y": SKETCH_CURVE, "y_expanded": EXPANDED_CURVE}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    publish_sketch(folder, calibration=CURVES)
    return folder


@asynccontextmanager
async def searching(home, root, photos: int = 6) -> AsyncIterator[tuple[Search, list[Upload]]]:
    """A `Search` over a gallery `g` of some photos, and their files."""
    registry = Registry(
        store=home / "checkpoints", device=torch.device("cpu"), poll_seconds=3600, default=None
    )
    await registry.refresh()
    engine = Engine(queue_items=64, batch_items=32, wait_ms=1)
    workers = Workers(max_waiting=64)
    embedder = Embedder(
        engine=engine, cache=EmbeddingCache(max_bytes=10**6), decoder=decoder(workers), ahead=ahead()
    )
    galleries, pools = Galleries(root), GalleryPools(max_waiting=64)
    catalogue = Catalogue(
        galleries=galleries,
        registry=registry,
        embedder=embedder,
        pools=pools,
        decoder=decoder(workers),
        defaults=DefaultGalleries(Defaults(None), pools=pools),
        queue_items=64,
    )
    uploads = [Upload.of(png(seed)) for seed in range(photos)]
    await engine.start()
    try:
        await catalogue.create("g", "drawn", "photo")
        await catalogue.add("g", uploads, Notes(), partial=False)
        search = Search(
            galleries=galleries,
            registry=registry,
            embedder=embedder,
            pools=pools,
            defaults=DefaultGalleries(Defaults(None), pools=pools),
        )
        yield search, uploads
    finally:
        await engine.stop()


def test_scores_are_computed_off_the_event_loop(home, tmp_path, monkeypatch):
    threads: list[threading.Thread] = []
    score = Manifest.score

    def recorded(self, *args):
        threads.append(threading.current_thread())
        return score(self, *args)

    monkeypatch.setattr(Manifest, "score", recorded)

    async def scenario() -> None:
        async with searching(home, tmp_path) as (search, uploads):
            await search.search(uploads[0], gallery="g", selection=Selection(k=5), capability="retrieve")
            await search.search_by_sketches(uploads[:2], None, gallery="g", selection=Selection(k=5))
            await search.similar("g", 1, Selection(k=5))

    asyncio.run(scenario())
    assert len(threads) == 5 + 5 + 6  # `similar` searches one more: the photo itself
    assert threading.main_thread() not in threads


def test_the_score_of_several_sketches_is_of_their_mean_cosine(home, tmp_path):
    async def scenario() -> tuple[list[float], list[float]]:
        async with searching(home, tmp_path) as (search, uploads):
            queries = uploads[:3]
            found = [
                await search.search_by_sketches(
                    [query], None, gallery="g", selection=Selection(k=6), expand=False
                )
                for query in queries
            ]
            cosines = [{hit.photo.id: cosine_of(hit.score, 6) for hit in results.hits} for results in found]
            together = await search.search_by_sketches(
                queries, None, gallery="g", selection=Selection(k=6), expand=False
            )
            means = [np.mean([each[hit.photo.id] for each in cosines]) for hit in together.hits]
            return [hit.score for hit in together.hits], [SKETCH_CURVE.probability(m, 6) for m in means]

    scores, expected = asyncio.run(scenario())
    np.testing.assert_allclose(scores, expected, atol=1e-4)
    assert scores == sorted(scores, reverse=True)


def cosine_of(probability: float, photos: int) -> float:
    """The cosine that the curve maps to this probability."""
    offset = SKETCH_CURVE.intercept + SKETCH_CURVE.crowd * np.log(photos)
    return float((np.log(probability / (1 - probability)) - offset) / SKETCH_CURVE.slope)


def test_similar_photos_do_not_include_the_photo_itself(home, tmp_path):
    async def scenario() -> list[int]:
        async with searching(home, tmp_path) as (search, _):
            with pytest.raises(PhotoNotFound):
                await search.similar("g", 99, Selection(k=5))
            return [hit.photo.id for hit in (await search.similar("g", 3, Selection(k=9))).hits]

    assert sorted(asyncio.run(scenario())) == [1, 2, 4, 5, 6]


def test_a_search_without_a_gallery_uses_the_first_that_has_the_capability(home, tmp_path):
    async def scenario() -> str:
        async with searching(home, tmp_path) as (search, uploads):
            with pytest.raises(GalleryNotFound):
                await search.search(
                    uploads[0], gallery=None, selection=Selection(k=1), capability="translate"
                )
            return (
                await search.search(uploads[0], gallery=None, selection=Selection(k=1), capability="sbir")
            ).gallery.name

    assert asyncio.run(scenario()) == "g"
