"""The use cases of galleries: search with a picture, more like a photo, add and remove photos."""

import asyncio
import mimetypes
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import BinaryIO, TypeVar

import numpy as np
from pydantic import JsonValue

from model.presets import Side, other
from service.errors import GalleryDamaged, GalleryNotFound, GalleryOutdated, GalleryReindexed
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery, GallerySpec, Hit, NewPhoto, Photo
from service.galleries.records import Embedding
from service.images.decode import Header, Upload, decode, inspect, thumbnail
from service.inference.embedder import Embedder
from service.inference.workers import Workers
from service.registry.model import Model
from service.registry.registry import Registry

T = TypeVar("T")

TRIES = 3
"""How often what needs a gallery's embeddings is begun, if they are others each time it comes to them."""


@dataclass(frozen=True)
class Found:
    """Hits, where they are from, and what their scores are."""

    gallery: Gallery
    model: Model
    hits: list[Hit]
    scores: str


@dataclass(frozen=True)
class Summary:
    """A gallery in a list."""

    name: str
    spec: GallerySpec
    photos: int
    index: str
    outdated: bool


@dataclass(frozen=True)
class Damaged:
    """A gallery that cannot be read; `reason` is a sentence."""

    name: str
    reason: str


class Retrieval:
    """Galleries and the models that embed for them; SQLite, FAISS and Pillow run in `workers`."""

    def __init__(
        self,
        *,
        galleries: Galleries,
        registry: Registry,
        embedder: Embedder,
        workers: Workers,
        max_pixels: int,
        default_gallery: str | None = None,
    ) -> None:
        self.galleries, self.registry, self.embedder, self.workers = galleries, registry, embedder, workers
        self.max_pixels, self.default_gallery = max_pixels, default_gallery

    async def search(
        self, upload: Upload, *, gallery: str | None, k: int, capability: str, source: str | None = None
    ) -> Found:
        """The k photos nearest to a picture of the other domain (or of `source`).

        Raises: GalleryNotFound, GalleryOutdated, ModelNotFound, CapabilityMissing, DomainUnknown, and the image's errors.
        """

        async def found() -> Found:
            opened, model = await self._searchable(gallery, capability)
            side = model.side(source) if source is not None else other(model.side(opened.spec.domain))
            code = await self.embedder.shared(model, side, upload)
            return await self._found(opened, model, side, np.ravel(code), k)

        return await _of_one_checkpoint(found)

    async def search_by_sketches(
        self,
        sketches: Sequence[Upload],
        photo: Upload | None,
        *,
        gallery: str | None,
        k: int,
        expand: bool = True,
    ) -> Found:
        """The k photos nearest to what several drawings of one thing have in common, and a photo beside them.

        Each drawing counts alike, and the photo as much as all of them; where it is to `expand`, the first hits count half
        as much as all that was sent. Raises as `search` does.
        """

        async def found() -> Found:
            opened, model = await self._searchable(gallery, "sbir")
            side = model.side(opened.spec.domain)
            drawn = [self.embedder.shared(model, other(side), sketch) for sketch in sketches]
            beside = [] if photo is None else [self.embedder.shared(model, side, photo)]
            codes = [_unit(code) for code in await asyncio.gather(*drawn, *beside)]
            meant = np.mean(codes[: len(sketches)], axis=0)
            query = meant if photo is None else (meant + codes[-1]) / 2
            return await self._found(
                opened, model, other(side), query, k, expand=expand, agreement=float(np.linalg.norm(query))
            )

        return await _of_one_checkpoint(found)

    async def similar(self, name: str, photo_id: int, k: int) -> Found:
        """The k photos nearest to a photo of the gallery, itself left out."""

        async def near() -> Found:
            opened, model = await self._searchable(name, "retrieve")
            vector = await self.workers.run(opened.vector, photo_id)
            return await self._found(opened, model, model.side(opened.spec.domain), vector, k + 1)

        found = await _of_one_checkpoint(near)
        return replace(found, hits=[hit for hit in found.hits if hit.photo.id != photo_id][:k])

    async def create(self, name: str, model_name: str, domain: str | None) -> Summary:
        """A new gallery for one domain of a model. Raises NameInvalid, GalleryExists, ModelNotFound, DomainUnknown."""
        model = self.registry.get(model_name, capability="retrieve")
        spec = GallerySpec.of(model, model.side(domain))
        return await self.workers.run(
            self._summary, await self.workers.run(self.galleries.create, name, spec)
        )

    async def summaries(self) -> tuple[list[Summary], list[Damaged]]:
        """All galleries, and those that cannot be read."""
        return await self.workers.run(self._summaries)

    async def summary(self, name: str) -> Summary:
        """One gallery."""
        return await self.workers.run(lambda: self._summary(self.galleries.open(name)))

    async def delete(self, name: str) -> None:
        """Deletes a gallery."""
        await self.workers.run(self.galleries.delete, name)

    async def add(
        self, name: str, uploads: Sequence[Upload], label: str | None, metadata: dict[str, JsonValue]
    ) -> list[Photo]:
        """Adds photos, all or none; when it returns they are on disk.

        Raises: the first bad image's error, with its file named; then nothing is added.
        """
        return await _of_one_checkpoint(lambda: self._add(name, uploads, label, metadata))

    async def _add(
        self, name: str, uploads: Sequence[Upload], label: str | None, metadata: dict[str, JsonValue]
    ) -> list[Photo]:
        opened = await self.workers.run(self.galleries.open, name)
        model = self._model(opened)
        side = model.side(opened.spec.domain)
        known = await self.workers.run(opened.known, [upload.sha256 for upload in uploads])
        fresh = {upload.sha256: upload for upload in uploads if upload.sha256 not in known}
        new: list[NewPhoto] = []
        for upload in fresh.values():
            header, small = await self.workers.run(picture_facts, upload.data, self.max_pixels)
            code = await self.embedder.shared(model, side, upload)
            new.append(
                NewPhoto(
                    sha256=upload.sha256,
                    embedding=np.ravel(code),
                    content_type=header.content_type,
                    width=header.width,
                    height=header.height,
                    thumbnail=small,
                    data=upload.data,
                    label=label,
                    metadata=metadata,
                )
            )
        added = await self.workers.run_unbounded(opened.add, new) if new else []
        kept = known | {photo.sha256: photo for photo in added}
        return [kept[upload.sha256] for upload in uploads]

    async def remove(self, name: str, photo_id: int) -> None:
        """Removes a photo."""
        opened = await self.workers.run(self.galleries.open, name)
        await self.workers.run(opened.remove, photo_id)

    async def page(self, name: str, after: int, limit: int) -> list[Photo]:
        """Photos by id."""
        opened = await self.workers.run(self.galleries.open, name)
        return await self.workers.run(opened.page, after, limit)

    async def picture(self, name: str, photo_id: int, *, small: bool) -> tuple[Photo, BinaryIO, str]:
        """A photo, the file to send for it, opened, and that file's content type. Raises PhotoNotFound."""

        def look() -> tuple[Photo, BinaryIO, str]:
            opened = self.galleries.open(name)
            photo = opened.photo(photo_id)
            if small:
                with suppress(FileNotFoundError):
                    return photo, opened.thumbnail_path(photo).open("rb"), "image/webp"
            file = opened.picture(photo)
            return (
                photo,
                file,
                photo.content_type or mimetypes.guess_type(file.name)[0] or "application/octet-stream",
            )

        return await self.workers.run(look)

    async def _found(
        self,
        opened: Gallery,
        model: Model,
        side: Side,
        query: Embedding,
        k: int,
        *,
        expand: bool = False,
        agreement: float = 1.0,
    ) -> Found:
        """Hits with their scores. A query that is a mean of unit codes has their `agreement` for its length: what is scored is the mean of their cosines."""
        asked = model.manifest.query_kind(side, expand=expand)
        hits = await self.workers.run(
            opened.search_expanded if asked == "y_expanded" else opened.search, query, k
        )
        scored = [
            replace(hit, score=model.manifest.score(asked, hit.score * agreement, opened.index.count))
            for hit in hits
        ]
        return Found(opened, model, scored, model.manifest.scores(asked))

    async def _searchable(self, name: str | None, capability: str) -> tuple[Gallery, Model]:
        named = name or self.default_gallery
        chosen = await self.workers.run(self._first, capability) if named is None else named
        opened = await self.workers.run(self.galleries.open, chosen)
        model = self._model(opened)
        model.require(capability)
        return opened, model

    def _first(self, capability: str) -> str:
        """The first gallery by name that can be searched so."""
        able = {
            model.digest for model in self.registry.models() if capability in model.inference.capabilities
        }
        for name in self.galleries.names():
            with suppress(GalleryDamaged, GalleryNotFound):  # or deleted since
                if self.galleries.open(name, keep=False).spec.digest in able:
                    return name
        raise GalleryNotFound(
            "there is no gallery to search yet: make one with POST /galleries or `iiae index FOLDER`, or name one"
        )

    def _model(self, gallery: Gallery) -> Model:
        model = self.registry.get(gallery.spec.model, capability="retrieve")
        if model.digest != gallery.spec.digest:
            raise GalleryOutdated(
                f"gallery {gallery.name!r} was embedded by another version of {model.id!r} (digest {gallery.spec.digest[:12]}, served is "
                f"{model.digest[:12]}): `iiae reindex {gallery.name}` or POST /galleries/{gallery.name}/reindex embeds its photos by that one and keeps them"
            )
        return model

    def _summaries(self) -> tuple[list[Summary], list[Damaged]]:
        summaries, damaged = [], []
        for name in self.galleries.names():
            try:
                summaries.append(self._summary(self.galleries.open(name, keep=False)))
            except GalleryNotFound:  # deleted since
                continue
            except GalleryDamaged as error:
                damaged.append(Damaged(name, error.detail))
        return summaries, damaged

    def _summary(self, gallery: Gallery) -> Summary:
        served = {model.id: model.digest for model in self.registry.models()}
        outdated = served.get(gallery.spec.model) != gallery.spec.digest
        return Summary(gallery.name, gallery.spec, gallery.count, gallery.index.kind, outdated)


async def _of_one_checkpoint(use: Callable[[], Awaitable[T]]) -> T:
    """What `use` gives, which is begun again where the gallery gets other embeddings meanwhile."""
    for _ in range(TRIES - 1):
        with suppress(GalleryReindexed):
            return await use()
    return await use()


def _unit(code: Embedding) -> Embedding:
    flat = np.ravel(code)
    unit: Embedding = flat / max(float(np.linalg.norm(flat)), 1e-12)
    return unit


def picture_facts(data: bytes, max_pixels: int) -> tuple[Header, bytes]:
    """A file's header and its thumbnail."""
    header = inspect(data, max_pixels=max_pixels)
    return header, thumbnail(decode(data, max_pixels=max_pixels))
