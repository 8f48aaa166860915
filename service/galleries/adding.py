"""Use case: add the photos of one request to a gallery, and say what became of each file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

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
from service.galleries.photo_contents import PhotoContents, read_contents
from service.galleries.records import NewPhoto, Photo
from service.galleries.threads.pools import GalleryPools
from service.gather import gather
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
NAME_SHOWN = 80
"""Characters of a file's name in a message."""


@dataclass(frozen=True)
class Notes:
    """What a request stores with each of its photos."""

    label: str | None = None
    metadata: dict[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one uploaded file.

    Attributes:
        name: the name that the client sent with it.
        status: it was added; it was in the gallery already; or it was refused.
        photo: the photo as stored. None if it was refused.
        reason: why it was refused, or what the photo in the gallery keeps of its own.
    """

    name: str | None
    status: Literal["added", "known", "refused"]
    photo: Photo | None = None
    reason: str | None = None


class Adding:
    """Adds photos to galleries.

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
        self._galleries, self._registry, self._pools = galleries, registry, pools
        self._embedder, self._decoder = embedder, decoder
        self._batch = max(1, min(BATCH, queue_items // 4))
        self._batches = CapacityLimiter(CONCURRENT_BATCHES)
        self._max_waiting = queue_items

    def open(self, name: str) -> Gallery:
        """Open a gallery that something will be added to. Raises GalleryNotFound, StorageFull."""
        self._galleries.require_space()
        return self._galleries.open(name)

    async def add(
        self, name: str, uploads: Sequence[Upload], notes: Notes, *, partial: bool
    ) -> list[Outcome]:
        """Add photos. Return what became of each upload. When this returns, they are on disk.

        A photo that the gallery has already is embedded and written again if one of its files is damaged.

        Args:
            partial: add the others if some cannot be read. Else all are added, or none.

        Raises:
            ServiceError: as the first picture that cannot be read, if none is added for that reason.
            GalleryReindexed: the gallery was re-embedded meanwhile.
        """
        gallery = await self._pools.opening.run(name, self.open, name)
        model = self._registry.get(gallery.spec.model, capability="retrieve")
        gallery.check_checkpoint(model)
        digests = [upload.sha256 for upload in uploads]
        known = await self._pools.opening.run(name, gallery.known, digests)
        whole = await self._pools.opening.run(name, gallery.whole, known)
        missing = list({upload.sha256: upload for upload in uploads if upload.sha256 not in whole}.values())
        add_work(len(missing))
        new: list[NewPhoto] = []
        refused: dict[str, ServiceError] = {}
        for start in range(0, len(missing), self._batch):
            batch = missing[start : start + self._batch]
            new += await self._embed(model, gallery, batch, notes, refused, partial=partial)
        if refused and (not partial or len(refused) == len(set(digests))):
            raise _none_added(list(refused.values()), len(uploads))
        added = await self._pools.writing.run(name, gallery.add, new) if new else []
        stored = whole | {photo.sha256: photo for photo in added}
        return _outcomes(name, uploads, notes, known.keys(), stored, refused)

    async def _embed(
        self,
        model: Model,
        gallery: Gallery,
        batch: Sequence[Upload],
        notes: Notes,
        refused: dict[str, ServiceError],
        *,
        partial: bool,
    ) -> list[NewPhoto]:
        """Decode and embed one batch, after waiting until fewer than `CONCURRENT_BATCHES` are running.

        Args:
            refused: gets the error of each picture that cannot be read. Unless `partial`, none is embedded
                from then on.
        """
        if self._batches.statistics().tasks_waiting >= self._max_waiting:
            raise Overloaded(
                f"{self._max_waiting} requests already wait to add photos, the maximum; "
                "try again after the time in Retry-After"
            )
        side = model.side(gallery.spec.domain)
        async with self._batches:
            read = await gather([self._read(model, side, upload) for upload in batch])
            errors = {
                upload.sha256: each
                for upload, each in zip(batch, read, strict=True)
                if isinstance(each, ServiceError)
            }
            refused |= errors
            if refused and not partial:
                return []
            readable = [
                (upload, each)
                for upload, each in zip(batch, read, strict=True)
                if not isinstance(each, ServiceError)
            ]
            embeddings = await gather(
                [
                    self._embedder.search_code(
                        model, side, upload, drawn=gallery.spec.drawn, pixels=each.pixels
                    )
                    for upload, each in readable
                ]
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
                label=notes.label,
                metadata=notes.metadata,
            )
            for (upload, each), embedding in zip(readable, embeddings, strict=True)
        ]

    async def _read(self, model: Model, side: Side, upload: Upload) -> PhotoContents | ServiceError:
        """Decode an upload. Return the error of a picture that cannot be read, with the name of its file."""
        try:
            return await self._decoder.read(read_contents, upload.data, model.inference, side)
        except IMAGE_ERRORS as error:
            if upload.filename is None:
                return type(error)(error.detail)
            return type(error)(f"{upload.filename[:NAME_SHOWN]}: {error.detail}")


def _none_added(errors: Sequence[ServiceError], files: int) -> ServiceError:
    """Return the error for a request of which nothing is added: that of its first bad file."""
    first = errors[0]
    if files == 1:
        return first
    details = "; ".join(error.detail for error in errors)
    advice = "" if len(errors) == files else "; send partial=true to add the others"
    return type(first)(f"{len(errors)} of {files} files cannot be added, so none was: {details}{advice}")


def _outcomes(
    gallery: str,
    uploads: Sequence[Upload],
    notes: Notes,
    known: Iterable[str],
    stored: dict[str, Photo],
    refused: dict[str, ServiceError],
) -> list[Outcome]:
    outcomes, seen = [], set(known)
    for upload in uploads:
        if (error := refused.get(upload.sha256)) is not None:
            outcomes.append(Outcome(name=upload.filename, status="refused", reason=error.detail))
            continue
        photo = stored[upload.sha256]
        # Another request may have added it meanwhile, with notes of its own.
        is_known = upload.sha256 in seen or (photo.label, photo.metadata) != (notes.label, notes.metadata)
        seen.add(upload.sha256)
        outcomes.append(
            Outcome(
                name=upload.filename,
                status="known" if is_known else "added",
                photo=photo,
                reason=_kept(gallery, photo, notes) if is_known else None,
            )
        )
    return outcomes


def _kept(gallery: str, photo: Photo, notes: Notes) -> str | None:
    """Return what a photo keeps although the request sent something else. None if there is nothing."""
    kept = []
    if notes.label is not None and notes.label != photo.label:
        kept.append("no label" if photo.label is None else f"the label {photo.label!r}")
    if notes.metadata and notes.metadata != photo.metadata:
        kept.append("its metadata")
    if not kept:
        return None
    return (
        f"the gallery has this picture already, and it keeps {' and '.join(kept)};"
        f" PATCH /galleries/{gallery}/photos/{photo.id} changes that"
    )
