"""Create, list, show and delete galleries."""

from typing import Annotated

from fastapi import APIRouter, Path

from service.galleries.defaults import default_for
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
    """List all galleries: first those that searches use if they name none, then the others, by name."""
    listing = await services.catalogue.listing()
    defaults = await services.default_galleries.names()
    galleries = [_gallery(summary, defaults) for summary in listing.readable]
    return GalleriesOut(
        galleries=sorted(galleries, key=lambda gallery: not gallery.default_for),
        damaged=[DamagedOut(name=each.name, reason=each.reason) for each in listing.damaged],
        unavailable=[UnavailableOut(name=each.name, reason=each.reason) for each in listing.unavailable],
    )


@router.post("", operation_id="galleries.create", status_code=201, dependencies=WRITE)
async def create_gallery(services: ServicesDep, new: NewGallery) -> GalleryOut:
    """Create an empty gallery for one domain of a model."""
    summary = await services.catalogue.create(
        new.name, new.model, new.domain, drawn=new.drawn, expand=new.expand
    )
    return _gallery(summary, await services.default_galleries.names())


@router.get("/{name}", operation_id="galleries.get", dependencies=READ)
async def get_gallery(services: ServicesDep, name: GalleryName) -> GalleryOut:
    """Show one gallery."""
    summary = await services.catalogue.summary(name)
    return _gallery(summary, await services.default_galleries.names())


@router.put("/{name}/default", operation_id="galleries.choose", dependencies=WRITE)
async def choose_gallery(services: ServicesDep, name: GalleryName) -> GalleryOut:
    """Make a gallery the default: searches that name no gallery use it, if its model can answer them."""
    summary = await services.catalogue.make_default(name)
    return _gallery(summary, await services.default_galleries.names())


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


def _gallery(summary: GallerySummary, defaults: dict[str, str]) -> GalleryOut:
    spec = summary.spec
    return GalleryOut(
        name=summary.name,
        model=spec.model,
        digest=spec.digest,
        domain=spec.domain,
        photos=summary.photos,
        index=summary.index,
        credit=spec.credit,
        drawn=spec.drawn,
        expand=spec.expand,
        default_for=list(default_for(summary.name, defaults)),
        outdated=summary.outdated,
        damaged_rows=summary.damaged_rows,
    )
