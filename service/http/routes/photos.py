"""Add, list, show and remove the photos of a gallery, and find similar ones."""

import os
from collections.abc import Mapping
from typing import Annotated, BinaryIO, Literal

from fastapi import APIRouter, File, Form, Path, Query, Request, Response, UploadFile
from pydantic import JsonValue
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from service.errors import PhotoNotFound
from service.galleries.records import Photo
from service.http.dependencies import ServicesDep
from service.http.etags import matches
from service.http.form_fields import parse_label, parse_metadata, read_uploads, refuse_repeated_field
from service.http.large_json import json_response
from service.http.photo_urls import HASH_LENGTH, photo_url
from service.http.request_body import BodyRoute
from service.http.routes.galleries import GalleryName
from service.http.routes.search import MIN_SCORE, search_result
from service.http.schemas import PhotoOut, PhotoPage, PhotosAdded, SearchResult
from service.http.security import READ, WRITE
from service.images.screen import SHOWN

router = APIRouter(prefix="/galleries", tags=["photos"], route_class=BodyRoute)

PhotoId = Annotated[int, Path(ge=1, le=2**63 - 1, description="Id of the photo in its gallery.")]
Size = Annotated[
    Literal["full", "screen", "thumbnail"],
    Query(
        description="The original file (`full`), a small WebP image (`thumbnail`), or an image that every"
        " browser shows (`screen`): the original file, or a WebP of at most 2048 x 2048 pixels if it is HEIC,"
        " AVIF or TIFF."
    ),
]
Version = Annotated[
    str | None,
    Query(
        pattern=f"^([0-9a-f]{{{HASH_LENGTH}}})?$",
        description=f"Start of the photo's SHA-256, {HASH_LENGTH} hexadecimal digits. If the id belongs to"
        " another picture now, the answer is 404. URLs in answers have it, so that browsers cache pictures.",
    ),
]
CACHED = "private, max-age=31536000, immutable"
REVALIDATED = "private, no-cache"
JSON_TEXT: dict[str, JsonValue] = {"contentMediaType": "application/json"}
FILE_RESPONSE: dict[int | str, dict[str, object]] = {
    200: {
        "description": "The image file.",
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/{name}/photos",
    operation_id="photos.add",
    status_code=201,
    dependencies=WRITE,
    response_model=PhotosAdded,
)
async def add_photos(
    request: Request,
    services: ServicesDep,
    name: GalleryName,
    image: Annotated[list[UploadFile], File(description="One or more image files.")],
    label: Annotated[
        str | None, Form(max_length=200, description="One line of text, stored with each of the photos.")
    ] = None,
    metadata: Annotated[
        str | None,
        Form(
            max_length=20_000,
            description="JSON object, stored with each of the photos.",
            json_schema_extra=JSON_TEXT,
        ),
    ] = None,
) -> Response:
    """Add photos to a gallery: all of them, or none if one cannot be read.

    When the response arrives, the photos are stored on disk.
    """
    for field in ("label", "metadata"):
        await refuse_repeated_field(request, field)
    uploads = await read_uploads(image, services.settings.max_images, "image")
    photos = await services.catalogue.add(name, uploads, parse_label(label), parse_metadata(metadata))
    return await json_response(
        lambda: PhotosAdded(photos=[_photo(name, photo) for photo in photos]), status=201
    )


@router.get("/{name}/photos", operation_id="photos.list", dependencies=READ, response_model=PhotoPage)
async def list_photos(
    services: ServicesDep,
    name: GalleryName,
    after: Annotated[
        int,
        Query(ge=0, le=2**63 - 1, description="List only photos with ids above this; 0 for the first page."),
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="Number of photos per page.")] = 100,
) -> Response:
    """List the photos of a gallery in pages, sorted by id."""
    photos = await services.catalogue.page(name, after, limit)
    return await json_response(lambda: _photo_page(name, photos, limit))


@router.get(
    "/{name}/photos/{photo_id}",
    operation_id="photos.get",
    dependencies=READ,
    response_class=FileResponse,
    responses=FILE_RESPONSE,
)
async def get_photo(
    request: Request,
    services: ServicesDep,
    name: GalleryName,
    photo_id: PhotoId,
    size: Size = "full",
    v: Version = None,
) -> Response:
    """Download a photo."""
    picture = await services.catalogue.picture(name, photo_id, small=size == "thumbnail")
    if v and not picture.photo.sha256.startswith(v):
        picture.file.close()
        raise PhotoNotFound(
            f"photo {photo_id} of gallery {name!r} is another picture now;"
            f" GET /galleries/{name}/photos lists the photos and their URLs"
        )
    etag = f'"{picture.version}-screen"' if size == "screen" else f'"{picture.version}"'
    may_be_cached = bool(v) and picture.fixed
    headers = {"ETag": etag, "Cache-Control": CACHED if may_be_cached else REVALIDATED}
    if matches(request.headers.getlist("if-none-match"), etag):
        picture.file.close()
        return Response(status_code=304, headers=headers)
    if size == "screen" and picture.content_type not in SHOWN:
        data = await services.catalogue.for_screen(name, picture)
        return Response(data, media_type="image/webp", headers=headers)
    return OpenFileResponse(picture.file, media_type=picture.content_type, headers=headers)


@router.delete(
    "/{name}/photos/{photo_id}",
    operation_id="photos.delete",
    status_code=204,
    response_description="The photo was removed.",
    dependencies=WRITE,
)
async def remove_photo(services: ServicesDep, name: GalleryName, photo_id: PhotoId) -> None:
    """Remove a photo from its gallery."""
    await services.catalogue.remove(name, photo_id)


@router.get(
    "/{name}/photos/{photo_id}/similar",
    operation_id="photos.similar",
    dependencies=READ,
    response_model=SearchResult,
)
async def similar_photos(
    services: ServicesDep,
    name: GalleryName,
    photo_id: PhotoId,
    k: Annotated[int, Query(ge=1, le=1000, description="Number of hits to return.")] = 20,
    min_score: Annotated[float | None, Query(ge=-1, le=1, allow_inf_nan=False, description=MIN_SCORE)] = None,
) -> Response:
    """Find the photos of the same gallery that are most similar to a photo. The photo itself is left out."""
    results = await services.search.similar(name, photo_id, k, min_score)
    return await json_response(lambda: search_result(results))


class OpenFileResponse(FileResponse):
    """Response with the contents of an open file, which it closes.

    The file may be deleted or replaced while it is sent: the open file keeps its contents.
    """

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


def _photo_page(gallery: str, photos: list[Photo], limit: int) -> PhotoPage:
    """Return a page of photos. Call it in a thread: 1,000 photos take up to 0.5 s to validate."""
    return PhotoPage(
        photos=[_photo(gallery, photo) for photo in photos],
        next=photos[-1].id if len(photos) == limit else None,
    )


def _photo(gallery: str, photo: Photo) -> PhotoOut:
    return PhotoOut(
        id=photo.id,
        sha256=photo.sha256,
        label=photo.label,
        width=photo.width,
        height=photo.height,
        url=photo_url(gallery, photo),
        metadata=photo.metadata,
    )
