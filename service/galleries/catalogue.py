"""Use cases: create, list and delete galleries; add, list, send and remove their photos."""

from collections.abc import Sequence
from contextlib import suppress

from service.errors import ServiceError
from service.galleries.adding import Adding, Notes, Outcome
from service.galleries.collection import Galleries
from service.galleries.defaults import DefaultGalleries
from service.galleries.listing import GalleryList, GallerySummary, Listing
from service.galleries.opened_picture import OpenedPicture, open_picture
from service.galleries.photo_filter import EVERY_PHOTO, PhotoFilter
from service.galleries.records import GallerySpec, Photo, PhotoChanges
from service.galleries.retry import retry_when_reindexed
from service.galleries.threads.pools import GalleryPools
from service.images.upload import Upload
from service.inference.decoding import Decoder
from service.inference.embedder import Embedder
from service.registry.registry import Registry


class Catalogue:
    """Galleries and their photos. SQLite runs in the pools' threads, Pillow in `decoder`.

    Args:
        queue_items: as in `Adding`.
    """

    def __init__(
        self,
        *,
        galleries: Galleries,
        registry: Registry,
        embedder: Embedder,
        pools: GalleryPools,
        decoder: Decoder,
        defaults: DefaultGalleries,
        queue_items: int,
    ) -> None:
        self._galleries = galleries
        self._registry = registry
        self._pools = pools
        self._listing = Listing(galleries=galleries, registry=registry, pools=pools)
        self._decoder = decoder
        self._adding = Adding(
            galleries=galleries,
            registry=registry,
            embedder=embedder,
            pools=pools,
            decoder=decoder,
            queue_items=queue_items,
        )
        self._defaults = defaults

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
        await self._defaults.forget(name)

    async def make_default(self, name: str) -> GallerySummary:
        """Make a gallery the default for searches. Raises GalleryNotFound, ModelNotFound, DefaultFixed."""
        summary = await self.summary(name)
        model = self._registry.find(summary.spec.model)
        await self._defaults.choose(name, model.inference.capabilities)
        return summary

    async def remove_stale(self) -> None:
        """Remove what killed processes left behind, as far as that is possible."""
        with suppress(ServiceError, OSError):
            await self._pools.opening.run("", self._galleries.remove_stale)

    # photos

    async def add(
        self, name: str, uploads: Sequence[Upload], notes: Notes, *, partial: bool
    ) -> list[Outcome]:
        """Add photos, see `Adding.add`. When this returns, they are on disk."""
        return await retry_when_reindexed(lambda: self._adding.add(name, uploads, notes, partial=partial))

    async def change(self, name: str, photo_id: int, changes: PhotoChanges) -> Photo:
        """Change a photo's label or metadata, and return it. Raises GalleryNotFound, PhotoNotFound."""
        return await self._pools.writing.run(name, lambda: self._adding.open(name).change(photo_id, changes))

    async def remove(self, name: str, photo_id: int) -> None:
        """Remove a photo. Raises GalleryNotFound, PhotoNotFound."""
        await self._pools.writing.run(name, lambda: self._galleries.open(name).remove(photo_id))

    async def remove_all(self, name: str, wanted: PhotoFilter) -> int:
        """Remove the wanted photos, and return their number. Raises GalleryNotFound."""
        return await self._pools.writing.run(name, lambda: self._galleries.open(name).remove_all(wanted))

    async def labels(self, name: str, limit: int) -> list[tuple[str | None, int]]:
        """Return the labels of a gallery and how many photos have each of them. Raises GalleryNotFound."""
        return await self._pools.opening.run(name, lambda: self._galleries.open(name).labels(limit))

    async def page(self, name: str, after: int, limit: int, wanted: PhotoFilter = EVERY_PHOTO) -> list[Photo]:
        """Return up to `limit` of the wanted photos with ids above `after`, by id. Raises GalleryNotFound."""
        return await self._pools.opening.run(
            name, lambda: self._galleries.open(name).page(after, limit, wanted)
        )

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
