"""Create, list, show and delete galleries."""

from typing import Annotated

from fastapi import APIRouter, Path

from service.galleries.listing import GallerySummary
from service.http.dependencies import ServicesDep
from service.http.request_body import StrictRoute
from service.http.schemas import (
    NAME_SCHEMA,
    DamagedOut,
    GalleriesOut,
    GalleryOut,
    NewGallery,
    UnavailableOut,
)
from service.http.security import READ, WRITE

router = APIRouter(prefix="/galleries", tags=["galleries"], route_class=StrictRoute)

GalleryName = Annotated[str, Path(description="Name of the gallery.", json_schema_extra=NAME_SCHEMA)]


@router.get("", operation_id="galleries.list", dependencies=READ)
async def list_galleries(services: ServicesDep) -> GalleriesOut:
    """List all galleries. The default gallery comes first, if one is set; the others are sorted by name."""
    listing = await services.catalogue.listing()
    default = services.settings.default_gallery
    return GalleriesOut(
        galleries=[
            _gallery(summary) for summary in sorted(listing.readable, key=lambda each: each.name != default)
        ],
        damaged=[DamagedOut(name=each.name, reason=each.reason) for each in listing.damaged],
        unavailable=[UnavailableOut(name=each.name, reason=each.reason) for each in listing.unavailable],
    )


@router.post("", operation_id="galleries.create", status_code=201, dependencies=WRITE)
async def create_gallery(services: ServicesDep, new: NewGallery) -> GalleryOut:
    """Create an empty gallery for one domain of a model."""
    return _gallery(
        await services.catalogue.create(new.name, new.model, new.domain, drawn=new.drawn, expand=new.expand)
    )


@router.get("/{name}", operation_id="galleries.get", dependencies=READ)
async def get_gallery(services: ServicesDep, name: GalleryName) -> GalleryOut:
    """Show one gallery."""
    return _gallery(await services.catalogue.summary(name))


@router.delete(
    "/{name}",
    operation_id="galleries.delete",
    status_code=204,
    response_description="The gallery was deleted.",
    dependencies=WRITE,
)
async def delete_gallery(services: ServicesDep, name: GalleryName) -> None:
    """Delete a gallery and its uploaded photos. Files that `iiae index` refers to stay in their folder."""
    await services.catalogue.delete(name)


def _gallery(summary: GallerySummary) -> GalleryOut:
    spec = summary.spec
    return GalleryOut(
        name=summary.name,
        model=spec.model,
        domain=spec.domain,
        photos=summary.photos,
        index=summary.index,
        credit=spec.credit,
        drawn=spec.drawn,
        expand=spec.expand,
        outdated=summary.outdated,
        damaged_rows=summary.damaged_rows,
    )
