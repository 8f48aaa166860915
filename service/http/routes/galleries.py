"""Galleries and their photos."""

import os
from collections.abc import Mapping
from typing import Annotated, BinaryIO, Literal

from fastapi import APIRouter, File, Form, Path, Query, Request, Response, UploadFile
from pydantic import JsonValue
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from service.errors import ParameterInvalid
from service.galleries.catalogue import GallerySummary
from service.galleries.gallery import Photo
from service.http.dependencies import ServicesDep
from service.http.form_fields import parse_label, parse_metadata, read_uploads
from service.http.routes.search import answer
from service.http.schemas import (
    DamagedOut,
    GalleriesOut,
    GalleryOut,
    NewGallery,
    PhotoOut,
    PhotoPage,
    PhotosAdded,
    SearchResult,
)
from service.http.security import READ, WRITE

router = APIRouter(prefix="/galleries")

Name = Annotated[str, Path(description="a gallery's name")]
PhotoId = Annotated[int, Path(ge=1, le=2**63 - 1, description="a photo's id in its gallery")]
Size = Annotated[
    Literal["full", "thumbnail"], Query(description="the file as it was added, or a small WebP of it")
]
JSON_TEXT: dict[str, JsonValue] = {"contentMediaType": "application/json"}
BINARY: dict[int | str, dict[str, object]] = {
    200: {
        "description": "The picture's bytes.",
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("", operation_id="galleries.list", tags=["galleries"], dependencies=READ)
async def list_galleries(services: ServicesDep) -> GalleriesOut:
    """All galleries: the default one, where there is one, then by name."""
    summaries, damaged = await services.catalogue.summaries()
    summaries.sort(key=lambda summary: summary.name != services.settings.default_gallery)
    return GalleriesOut(
        galleries=[_gallery(summary) for summary in summaries],
        damaged=[DamagedOut(name=each.name, reason=each.reason) for each in damaged],
    )


@router.post("", operation_id="galleries.create", tags=["galleries"], status_code=201, dependencies=WRITE)
async def create_gallery(services: ServicesDep, new: NewGallery) -> GalleryOut:
    """A new, empty gallery of one domain of a model."""
    return _gallery(await services.catalogue.create(new.name, new.model, new.domain))


@router.get("/{name}", operation_id="galleries.get", tags=["galleries"], dependencies=READ)
async def get_gallery(services: ServicesDep, name: Name) -> GalleryOut:
    """One gallery."""
    return _gallery(await services.catalogue.summary(name))


@router.delete(
    "/{name}",
    operation_id="galleries.delete",
    tags=["galleries"],
    status_code=204,
    response_description="It is gone.",
    dependencies=WRITE,
)
async def delete_gallery(services: ServicesDep, name: Name) -> None:
    """Deletes a gallery and the pictures that were uploaded to it."""
    await services.catalogue.delete(name)


@router.post(
    "/{name}/photos", operation_id="photos.add", tags=["photos"], status_code=201, dependencies=WRITE
)
async def add_photos(
    request: Request,
    services: ServicesDep,
    name: Name,
    image: Annotated[list[UploadFile], File(description="one or many pictures")],
    label: Annotated[
        str | None, Form(max_length=200, description="a line of text, kept with each of the photos")
    ] = None,
    metadata: Annotated[
        str | None,
        Form(
            max_length=20_000,
            description="a JSON object, kept with each of the photos",
            json_schema_extra=JSON_TEXT,
        ),
    ] = None,
) -> PhotosAdded:
    """Adds photos, all or none: where one cannot be read, none is added. Once answered, they are on disk."""
    form = await request.form()
    for field in ("label", "metadata"):
        if len(form.getlist(field)) > 1:
            raise ParameterInvalid(
                f"{field} was sent more than once; it is for all images of the request",
                ((field, "sent more than once"),),
            )
    uploads = await read_uploads(image, services.settings.max_images, "image")
    photos = await services.catalogue.add(name, uploads, parse_label(label), parse_metadata(metadata))
    return PhotosAdded(photos=[_photo(name, photo) for photo in photos])


@router.get("/{name}/photos", operation_id="photos.list", tags=["photos"], dependencies=READ)
async def list_photos(
    services: ServicesDep,
    name: Name,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="photos with larger ids")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="how many photos at most")] = 100,
) -> PhotoPage:
    """Photos by id, in pages."""
    photos = await services.catalogue.page(name, after, limit)
    return PhotoPage(
        photos=[_photo(name, photo) for photo in photos], next=photos[-1].id if len(photos) == limit else None
    )


@router.get(
    "/{name}/photos/{photo_id}",
    operation_id="photos.get",
    tags=["photos"],
    dependencies=READ,
    response_class=FileResponse,
    responses=BINARY,
)
async def get_photo(
    request: Request, services: ServicesDep, name: Name, photo_id: PhotoId, size: Size = "full"
) -> Response:
    """A photo's bytes."""
    photo, file, content_type = await services.catalogue.picture(name, photo_id, small=size == "thumbnail")
    tag = f'"{photo.sha256}-{size}"'
    headers = {"ETag": tag, "Cache-Control": "private, max-age=86400"}
    if request.headers.get("if-none-match") == tag:
        file.close()
        return Response(status_code=304, headers=headers)
    return OpenedFile(file, media_type=content_type, headers=headers)


@router.delete(
    "/{name}/photos/{photo_id}",
    operation_id="photos.delete",
    tags=["photos"],
    status_code=204,
    response_description="It is gone.",
    dependencies=WRITE,
)
async def remove_photo(services: ServicesDep, name: Name, photo_id: PhotoId) -> None:
    """Removes a photo."""
    await services.catalogue.remove(name, photo_id)


@router.get(
    "/{name}/photos/{photo_id}/similar", operation_id="photos.similar", tags=["photos"], dependencies=READ
)
async def similar_photos(
    services: ServicesDep,
    name: Name,
    photo_id: PhotoId,
    k: Annotated[int, Query(ge=1, le=1000, description="how many hits at most")] = 20,
) -> SearchResult:
    """More like this one."""
    return answer(await services.search.similar(name, photo_id, k))


class OpenedFile(FileResponse):
    """Sends a file that is open already, whatever becomes of its name meanwhile, and closes it."""

    def __init__(self, file: BinaryIO, *, media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(
            f"/dev/fd/{file.fileno()}",
            media_type=media_type,
            headers=headers,
            stat_result=os.fstat(file.fileno()),
        )
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._file:
            await super().__call__(scope, receive, send)


def _gallery(summary: GallerySummary) -> GalleryOut:
    spec = summary.spec
    return GalleryOut(
        name=summary.name,
        model=spec.model,
        domain=spec.domain,
        photos=summary.photos,
        index=summary.index,
        credit=spec.credit,
        outdated=summary.outdated,
    )


def _photo(gallery: str, photo: Photo) -> PhotoOut:
    url = f"/galleries/{gallery}/photos/{photo.id}"
    return PhotoOut(
        id=photo.id,
        sha256=photo.sha256,
        label=photo.label,
        width=photo.width,
        height=photo.height,
        url=url,
        metadata=photo.metadata,
    )
