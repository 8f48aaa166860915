"""The list of all galleries. One that does not answer does not hold it up."""

import asyncio
from dataclasses import dataclass

from service.errors import (
    DeadlineExceeded,
    GalleryBusy,
    GalleryDamaged,
    GalleryNotFound,
    StorageFull,
    StorageUnavailable,
)
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
from service.galleries.records import GallerySpec
from service.galleries.threads.pools import GalleryPools
from service.registry.registry import Registry

LISTED_TOGETHER = 16
"""Galleries that a list opens at the same time."""
LIST_SECONDS = 1.0
"""Longest wait of a list for one gallery."""


@dataclass(frozen=True)
class GallerySummary:
    """A gallery in a list.

    Attributes:
        outdated: no served model has the checkpoint that embedded it.
        damaged_rows: number of damaged rows and pictures that reads have found since it was opened.
    """

    name: str
    spec: GallerySpec
    photos: int
    index: str
    outdated: bool
    damaged_rows: int


@dataclass(frozen=True)
class DamagedGallery:
    """A gallery that cannot be read, and the reason."""

    name: str
    reason: str


@dataclass(frozen=True)
class UnavailableGallery:
    """A gallery that does not answer now, and the reason: it is locked, or its disk stalls or fails."""

    name: str
    reason: str


@dataclass(frozen=True)
class GalleryList:
    """All galleries, sorted by name."""

    readable: list[GallerySummary]
    damaged: list[DamagedGallery]
    unavailable: list[UnavailableGallery]


class Listing:
    """Summaries of galleries."""

    def __init__(self, *, galleries: Galleries, registry: Registry, pools: GalleryPools) -> None:
        self._galleries, self._registry, self._pools = galleries, registry, pools

    async def all(self) -> GalleryList:
        """Return all galleries, sorted by name: readable, damaged, and those that do not answer soon."""
        names = await self._pools.opening.run("", self._galleries.names)
        limit = asyncio.Semaphore(LISTED_TOGETHER)
        rows = await asyncio.gather(*(self._row(name, limit) for name in names))
        return GalleryList(
            [row for row in rows if isinstance(row, GallerySummary)],
            [row for row in rows if isinstance(row, DamagedGallery)],
            [row for row in rows if isinstance(row, UnavailableGallery)],
        )

    def summary(self, gallery: Gallery) -> GallerySummary:
        """Return a gallery's summary. Runs SQLite: call it in a thread."""
        served = {model.id: model.digest for model in self._registry.models()}
        outdated = served.get(gallery.spec.model) != gallery.spec.digest
        return GallerySummary(
            name=gallery.name,
            spec=gallery.spec,
            photos=gallery.count,
            index=gallery.index.kind,
            outdated=outdated,
            damaged_rows=gallery.database.damage.count,
        )

    async def _row(
        self, name: str, limit: asyncio.Semaphore
    ) -> GallerySummary | DamagedGallery | UnavailableGallery | None:
        """Return a gallery's row in the list. None if it was deleted since its name was read."""
        try:
            async with limit, asyncio.timeout(LIST_SECONDS):
                return await self._pools.opening.run(
                    name, lambda: self.summary(self._galleries.open(name, keep=False))
                )
        except GalleryNotFound:
            return None
        except GalleryDamaged as error:
            return DamagedGallery(name, error.detail)
        except (GalleryBusy, DeadlineExceeded, StorageFull, StorageUnavailable) as error:
            return UnavailableGallery(name, error.detail)
        except TimeoutError:
            return UnavailableGallery(
                name, f"gallery {name!r} does not answer: it is locked, or its disk stalls; try again later"
            )
