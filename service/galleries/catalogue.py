"""Use cases: create, list and delete galleries; add, list, send and remove their photos."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

import numpy as np
from anyio import CapacityLimiter
from pydantic import JsonValue

from model.presets import Side
from service.errors import (
    ImageFormatUnsupported,
    ImageTooManyPixels,
    ImageUnreadable,
    Overloaded,
    ServiceError,
    SketchEmpty,
)
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
from service.galleries.listing import GalleryList, GallerySummary, Listing
from service.galleries.opened_picture import OpenedPicture, open_picture
from service.galleries.photo_contents import PhotoContents, read_contents
from service.galleries.records import GallerySpec, NewPhoto, Photo
from service.galleries.retry import retry_when_reindexed
from service.galleries.threads.pools import GalleryPools
from service.images.upload import Upload
from service.inference.admission import add_work
from service.inference.decoding import Decoder
from service.inference.embedder import Embedder
from service.registry.model import Model
from service.registry.registry import Registry

T = TypeVar("T")

BATCH = 16
"""Photos of one request that are decoded together, then embedded in one forward pass. A photo is kept as the
model's pixels. In full size, it exists only in its worker thread."""
CONCURRENT_BATCHES = 2
"""Batches of all requests that run at the same time: one is decoded while the other is embedded. Without this
limit, 32 clients that add 12 photos each fill the queues, and searches get 429."""
IMAGE_ERRORS = (ImageUnreadable, ImageFormatUnsupported, ImageTooManyPixels, SketchEmpty)


class Catalogue:
    """Galleries and their photos. SQLite runs in the pools' threads, Pillow in `decoder`.

    Args:
        queue_items: size of the workers' queue and of the engine's queue. A batch takes at most a quarter of
            it. At most `queue_items` requests may wait to add photos.
    """

    def __init__(
        self,
        *,
        galleries: Galleries,
        registry: Registry,
        embedder: Embedder,
        pools: GalleryPools,
        decoder: Decoder,
        queue_items: int,
    ) -> None:
        self._galleries = galleries
        self._registry = registry
        self._embedder = embedder
        self._pools = pools
        self._listing = Listing(galleries=galleries, registry=registry, pools=pools)
        self._decoder = decoder
        self._batch = max(1, min(BATCH, queue_items // 4))
        self._batches = CapacityLimiter(CONCURRENT_BATCHES)
        self._max_waiting = queue_items

    # galleries

    async def create(
        self,
        name: str,
        model_name: str,
        domain: str | None,
        *,
        drawn: bool = False,
        expand: bool | None = None,
    ) -> GallerySummary:
        """Create an empty gallery for one domain of a model.

        Args:
            domain: domain of the photos. Defaults to the model's first domain.
            drawn, expand: as in `GallerySpec.of`.

        Raises:
            NameInvalid, GalleryExists, ModelNotFound, DomainUnknown, StorageFull, StorageUnavailable.
        """
        model = self._registry.get(model_name, capability="retrieve")
        spec = GallerySpec.of(model, model.side(domain), drawn=drawn, expand=expand)
        return await self._pools.writing.run(
            name, lambda: self._listing.summary(self._galleries.create(name, spec))
        )

    async def listing(self) -> GalleryList:
        """Return all galleries, sorted by name: readable, damaged, and those that do not answer soon."""
        return await self._listing.all()

    async def summary(self, name: str) -> GallerySummary:
        """Return one gallery. Raises GalleryNotFound, GalleryDamaged, GalleryBusy."""
        return await self._pools.opening.run(name, lambda: self._listing.summary(self._galleries.open(name)))

    async def delete(self, name: str) -> None:
        """Delete a gallery and its uploaded pictures. Raises GalleryNotFound, GalleryBusy."""
        await self._pools.writing.run(name, self._galleries.delete, name)

    async def remove_stale(self) -> None:
        """Remove what killed processes left behind, as far as that is possible."""
        with suppress(ServiceError, OSError):
            await self._pools.opening.run("", self._galleries.remove_stale)

    # photos

    async def add(
        self, name: str, uploads: Sequence[Upload], label: str | None, metadata: dict[str, JsonValue]
    ) -> list[Photo]:
        """Add photos, all or none. When this returns, they are on disk.

        A photo that the gallery has already is embedded and written again if one of its files is damaged.

        Raises:
            ServiceError: the first picture that cannot be embedded, with its file name; then no photo is
                added.
        """
        return await retry_when_reindexed(lambda: self._add(name, uploads, label, metadata))

    async def _add(
        self, name: str, uploads: Sequence[Upload], label: str | None, metadata: dict[str, JsonValue]
    ) -> list[Photo]:
        gallery = await self._pools.opening.run(name, self._open_to_add, name)
        model = self._registry.get(gallery.spec.model, capability="retrieve")
        gallery.check_checkpoint(model)
        side = model.side(gallery.spec.domain)
        digests = [upload.sha256 for upload in uploads]
        known = await self._pools.opening.run(name, gallery.whole, digests)
        unique = {upload.sha256: upload for upload in uploads if upload.sha256 not in known}
        missing = list(unique.values())
        add_work(len(missing))
        new: list[NewPhoto] = []
        for start in range(0, len(missing), self._batch):
            batch = missing[start : start + self._batch]
            new += await self._embed(model, side, batch, label, metadata, drawn=gallery.spec.drawn)
        added = await self._pools.writing.run(name, gallery.add, new) if new else []
        photos = known | {photo.sha256: photo for photo in added}
        return [photos[upload.sha256] for upload in uploads]

    async def _embed(
        self,
        model: Model,
        side: Side,
        batch: Sequence[Upload],
        label: str | None,
        metadata: dict[str, JsonValue],
        *,
        drawn: bool,
    ) -> list[NewPhoto]:
        """Decode and embed one batch, after waiting until fewer than `CONCURRENT_BATCHES` are running."""
        if self._batches.statistics().tasks_waiting >= self._max_waiting:
            raise Overloaded(
                f"{self._max_waiting} requests already wait to add photos, the maximum; "
                "try again after the time in Retry-After"
            )
        async with self._batches:
            contents = await _gather(self._read(model, side, upload) for upload in batch)
            embeddings = await _gather(
                self._embedder.search_code(model, side, upload, drawn=drawn, pixels=each.pixels)
                for upload, each in zip(batch, contents, strict=True)
            )
        return [
            NewPhoto(
                sha256=upload.sha256,
                embedding=np.ravel(embedding),
                content_type=each.header.content_type,
                width=each.header.width,
                height=each.header.height,
                thumbnail=each.thumbnail,
                data=upload.data,
                label=label,
                metadata=metadata,
            )
            for upload, each, embedding in zip(batch, contents, embeddings, strict=True)
        ]

    async def _read(self, model: Model, side: Side, upload: Upload) -> PhotoContents:
        """Decode an upload. Error messages start with the name of its file."""
        try:
            return await self._decoder.read(read_contents, upload.data, model.inference, side)
        except IMAGE_ERRORS as error:
            if upload.filename is None:
                raise
            raise type(error)(f"{upload.filename[:80]}: {error.detail}") from error

    async def remove(self, name: str, photo_id: int) -> None:
        """Remove a photo. Raises GalleryNotFound, PhotoNotFound."""
        await self._pools.writing.run(name, lambda: self._galleries.open(name).remove(photo_id))

    async def page(self, name: str, after: int, limit: int) -> list[Photo]:
        """Return up to `limit` photos with ids above `after`, by id. Raises GalleryNotFound."""
        return await self._pools.opening.run(name, lambda: self._galleries.open(name).page(after, limit))

    async def picture(self, name: str, photo_id: int, *, small: bool) -> OpenedPicture:
        """Open a photo's picture or thumbnail, see `open_picture`. Raises GalleryNotFound, PhotoNotFound."""
        return await self._pools.opening.run(
            name, lambda: open_picture(self._galleries.open(name), photo_id, small=small)
        )

    async def for_screen(self, name: str, picture: OpenedPicture) -> bytes:
        """Return an open picture as a WebP for browsers, and close it. Raises as `Decoder.read`."""

        def read() -> bytes:
            with picture.file as file:
                return file.read()

        return await self._decoder.for_screen(await self._pools.opening.run(name, read))

    def _open_to_add(self, name: str) -> Gallery:
        self._galleries.require_space()
        return self._galleries.open(name)


async def _gather(awaitables: Iterable[Awaitable[T]]) -> list[T]:
    """Await all, then return the results or raise the first error by position. Cancelling cancels all."""
    results = await asyncio.gather(*awaitables, return_exceptions=True)
    values = [result for result in results if not isinstance(result, BaseException)]
    error = next((result for result in results if isinstance(result, BaseException)), None)
    if error is None:
        return values
    try:
        raise error
    finally:
        del error, results  # the raised error refers to this frame, so the frame must not refer to the error
