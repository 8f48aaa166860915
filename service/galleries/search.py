"""Use cases: search a gallery by a picture, by sketches, or by one of its photos."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from time import monotonic

from model.presets import Side, other
from service.embedding import Embedding
from service.errors import GalleryBusy, GalleryNotFound
from service.galleries.collection import Galleries
from service.galleries.defaults import DefaultGalleries
from service.galleries.gallery import Gallery
from service.galleries.query import (
    SKIP_AFTER,
    UNREADABLE,
    SearchResults,
    Selection,
    check_vector,
    combined,
    none_searchable,
    search_gallery,
)
from service.galleries.retry import retry_when_reindexed
from service.galleries.threads.pools import GalleryPools
from service.gather import gather
from service.images.upload import Upload
from service.inference.embedder import Embedder
from service.registry.model import Model
from service.registry.registry import Registry
from service.tracing import span

SKIP_SECONDS = 5.0
"""Seconds until such a search tries that gallery again."""


class Search:
    """Searches galleries. SQLite and FAISS run in the pools' threads, models in the embedder's engine.

    Args:
        defaults: the gallery to search if a request names none.
    """

    def __init__(
        self,
        *,
        galleries: Galleries,
        registry: Registry,
        embedder: Embedder,
        pools: GalleryPools,
        defaults: DefaultGalleries,
    ) -> None:
        self._galleries = galleries
        self._registry = registry
        self._embedder = embedder
        self._pools = pools
        self._defaults = defaults
        self._skipped: dict[str, float] = {}  # until when, on the clock `monotonic`

    async def search(
        self,
        upload: Upload,
        *,
        gallery: str | None,
        selection: Selection,
        capability: str,
        source: str | None = None,
    ) -> SearchResults:
        """Return the photos nearest to a picture.

        Args:
            capability: what the gallery's model must be able to do: `retrieve` or `sbir`.
            source: the picture's domain. Defaults to the domain other than the gallery's.

        Raises:
            GalleryNotFound, GalleryOutdated, ModelNotFound, CapabilityMissing, DomainUnknown.
            ServiceError: the picture cannot be embedded, see `Embedder.shared`.
        """

        async def attempt() -> SearchResults:
            opened, model = await self._open(gallery, capability)
            side = model.side(source) if source is not None else other(model.side(opened.spec.domain))
            embedding = await self._embedder.search_code(model, side, upload, drawn=opened.spec.drawn)
            return await self._search(opened, model, side, embedding, selection)

        return await retry_when_reindexed(attempt)

    async def search_by_sketches(
        self,
        sketches: Sequence[Upload],
        photo: Upload | None,
        *,
        gallery: str | None,
        selection: Selection,
        expand: bool | None = None,
    ) -> SearchResults:
        """Return the photos nearest to the mean of several sketches of one thing, and of a photo if given.

        All sketches have the same weight. The photo weighs as much as all sketches together. With `expand`,
        the first hits weigh half as much as the sketches and the photo; with None, the gallery decides.

        Raises:
            ServiceError: as `search`.
        """

        async def attempt() -> SearchResults:
            opened, model = await self._open(gallery, "sbir")
            side = model.side(opened.spec.domain)
            code = partial(self._embedder.search_code, model, drawn=opened.spec.drawn)
            computations = [code(other(side), sketch) for sketch in sketches]
            if photo is not None:
                computations.append(code(side, photo))
            codes = await gather(computations)
            of_photo = codes[len(sketches)] if photo is not None else None
            query, norm = combined(codes[: len(sketches)], of_photo, opened.spec.distance)
            return await self._search(
                opened,
                model,
                other(side),
                query,
                selection,
                expand=opened.spec.expand if expand is None else expand,
                query_norm=norm,
            )

        return await retry_when_reindexed(attempt)

    async def search_by_vector(
        self,
        vector: Embedding,
        *,
        gallery: str | None,
        selection: Selection,
        source: str | None = None,
        digest: str | None = None,
        expand: bool = False,
    ) -> SearchResults:
        """Return the photos nearest to a search code that a client has kept.

        Args:
            vector: [dim], finite.
            source: the domain of its picture. Defaults to the domain other than the gallery's.
            digest: start of the digest of the checkpoint that computed it.

        Raises:
            GalleryNotFound, ModelNotFound, CapabilityMissing, DomainUnknown.
            GalleryOutdated: another checkpoint embedded the gallery, or computed the vector.
            ParameterInvalid: the vector has another length, or no direction.
        """

        async def attempt() -> SearchResults:
            opened, model = await self._open(gallery, "retrieve")
            if digest is not None:
                opened.check_digest(digest)
            check_vector(vector, opened.spec)
            side = model.side(source) if source is not None else other(model.side(opened.spec.domain))
            return await self._search(opened, model, side, vector, selection, expand=expand)

        return await retry_when_reindexed(attempt)

    async def similar(self, name: str, photo_id: int, selection: Selection) -> SearchResults:
        """Return the photos of a gallery nearest to one of its photos, without that photo.

        Raises:
            GalleryNotFound, GalleryOutdated, PhotoNotFound, ModelNotFound.
        """
        k, offset = selection.k, selection.offset
        with_itself = replace(selection, k=offset + k + 1, offset=0)

        async def attempt() -> SearchResults:
            opened, model = await self._open(name, "retrieve")
            embedding = await self._pools.searching.run(name, opened.embedding, photo_id)
            side = model.side(opened.spec.domain)
            return await self._search(opened, model, side, embedding, with_itself)

        results = await retry_when_reindexed(attempt)
        others = [hit for hit in results.hits if hit.photo.id != photo_id]
        return replace(results, hits=others[offset : offset + k])

    async def _search(
        self,
        gallery: Gallery,
        model: Model,
        side: Side,
        query: Embedding,
        selection: Selection,
        *,
        expand: bool = False,
        query_norm: float = 1.0,
    ) -> SearchResults:
        with span("search", gallery=gallery.name, k=selection.k, expand=expand):
            return await self._pools.searching.run(
                gallery.name,
                search_gallery,
                gallery,
                model,
                side,
                query,
                selection,
                expand=expand,
                query_norm=query_norm,
            )

    async def _open(self, name: str | None, capability: str) -> tuple[Gallery, Model]:
        """Return a gallery and the model that embedded it."""
        self._registry.check_ready()
        gallery = await (self._default(capability) if name is None else self._open_gallery(name))
        model = self._registry.get(gallery.spec.model, capability="retrieve")
        gallery.check_checkpoint(model)
        model.require(capability)
        return gallery, model

    async def _default(self, capability: str) -> Gallery:
        """Return the default gallery. If there is none yet, the first one that can be searched becomes it."""
        name = await self._defaults.get(capability)
        if name is None:
            name = await self._defaults.settle(capability, (await self._first_searchable(capability)).name)
        try:
            return await self._open_gallery(name)
        except GalleryNotFound as error:
            raise GalleryNotFound(
                f"the default gallery {name!r} does not exist; name a gallery, or choose another default with"
                " `iiae galleries default NAME`"
            ) from error

    async def _open_gallery(self, name: str, *, keep: bool = True) -> Gallery:
        return await self._pools.opening.run(name, self._galleries.open, name, keep=keep)

    async def _first_searchable(self, capability: str) -> Gallery:
        """Return the first gallery, by name, that a model with this capability embedded.

        The rule is that of `first_searchable`. Galleries that do not answer soon are skipped.
        """
        digests = {
            model.digest for model in self._registry.models() if capability in model.inference.capabilities
        }
        unsuitable: list[str] = []
        for name in await self._pools.opening.run("", self._galleries.names):
            if self._skipped.get(name, 0.0) > monotonic():
                continue
            try:
                async with asyncio.timeout(SKIP_AFTER):
                    gallery = await self._open_gallery(name, keep=False)
            except (TimeoutError, GalleryBusy):
                self._skipped[name] = monotonic() + SKIP_SECONDS
                continue
            except UNREADABLE:
                continue
            self._skipped.pop(name, None)
            if gallery.spec.digest in digests:
                return gallery
            unsuitable.append(name)
        raise none_searchable(unsuitable)
