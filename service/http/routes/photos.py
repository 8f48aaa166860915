"""Add, list, show and remove the photos of a gallery, and find similar ones."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, BinaryIO, Literal

from fastapi import APIRouter, File, Form, Path, Query, Request, Response, UploadFile
from pydantic import Field
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from service.errors import ParameterInvalid, PhotoNotFound
from service.galleries.adding import Notes, Outcome
from service.galleries.records import Photo, PhotoChanges
from service.http.dependencies import ServicesDep
from service.http.etags import matches
from service.http.form_fields import (
    check_metadata,
    parse_label,
    parse_metadata,
    read_uploads,
    refuse_repeated_field,
)
from service.http.large_json import json_response
from service.http.photo_urls import HASH_LENGTH, photo_url
from service.http.request_body import StrictRoute
from service.http.routes.galleries import GalleryName
from service.http.routes.search import search_result
from service.http.schemas import (
    MAX_LABEL,
    MAX_METADATA,
    EditedPhoto,
    LabelOut,
    Labels,
    PhotoOut,
    PhotoPage,
    PhotosAdded,
    PhotosRemoved,
    SearchResult,
    UploadedFile,
)
from service.http.security import READ, WRITE
from service.http.selection import JSON_TEXT, QueryFilter, QuerySelection
from service.images.screen import SHOWN

router = APIRouter(prefix="/galleries", tags=["photos"], route_class=StrictRoute)

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
MAX_IDS = 500
"""Ids in one request that removes photos. A URL has room for them."""
CACHED = "private, max-age=31536000, immutable"
REVALIDATED = "private, no-cache"
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
        str | None,
        Form(max_length=MAX_LABEL, description="One line of text, stored with each of the photos."),
    ] = None,
    metadata: Annotated[
        str | None,
        Form(
            max_length=MAX_METADATA,
            description="JSON object, stored with each of the photos.",
            json_schema_extra=JSON_TEXT,
        ),
    ] = None,
    partial: Annotated[
        bool,
        Form(
            description="Whether to add the other photos if some files cannot be read. "
            "Otherwise, all photos are added, or none."
        ),
    ] = False,
) -> Response:
    """Add photos to a gallery. The answer says of each file what became of it.

    When the response arrives, the photos are stored on disk.
    """
    for field in ("label", "metadata", "partial"):
        await refuse_repeated_field(request, field)
    uploads = await read_uploads(image, services.settings.max_images, "image")
    notes = Notes(parse_label(label), parse_metadata(metadata))
    outcomes = await services.catalogue.add(name, uploads, notes, partial=partial)
    return await json_response(lambda: _photos_added(name, outcomes), status=201)


@router.get("/{name}/photos", operation_id="photos.list", dependencies=READ, response_model=PhotoPage)
async def list_photos(
    services: ServicesDep,
    name: GalleryName,
    wanted: QueryFilter,
    after: Annotated[
        int,
        Query(ge=0, le=2**63 - 1, description="List only photos with ids above this; 0 for the first page."),
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="Number of photos per page.")] = 100,
) -> Response:
    """List the photos of a gallery in pages, sorted by id."""
    photos = await services.catalogue.page(name, after, limit, wanted)
    return await json_response(lambda: _photo_page(name, photos, limit))


@router.delete("/{name}/photos", operation_id="photos.purge", dependencies=WRITE)
async def remove_photos(
    services: ServicesDep,
    name: GalleryName,
    wanted: QueryFilter,
    ids: Annotated[
        list[Annotated[int, Field(ge=1, le=2**63 - 1)]] | None,
        Query(alias="id", max_length=MAX_IDS, description="Only the photos with these ids."),
    ] = None,
) -> PhotosRemoved:
    """Remove all photos that meet the conditions. There must be at least one.

    If the request is interrupted, some photos may stay. Send it again to remove them.
    """
    wanted = replace(wanted, ids=tuple(ids or ()))
    if not wanted:
        raise ParameterInvalid(
            "there is no condition; send id, label, folder or metadata, or delete the gallery to remove all",
            (("label", "send at least one of id, label, folder and metadata"),),
        )
    return PhotosRemoved(removed=await services.catalogue.remove_all(name, wanted))


@router.get("/{name}/labels", operation_id="photos.labels", dependencies=READ, response_model=Labels)
async def list_labels(
    services: ServicesDep,
    name: GalleryName,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Largest number of labels to return.")] = 1000,
) -> Response:
    """List the labels of a gallery, with the number of photos that have each of them."""
    labels = await services.catalogue.labels(name, limit)
    return await json_response(
        lambda: Labels(labels=[LabelOut(label=label, photos=photos) for label, photos in labels])
    )


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


@router.patch(
    "/{name}/photos/{photo_id}",
    operation_id="photos.update",
    dependencies=WRITE,
    response_model=PhotoOut,
)
async def change_photo(
    services: ServicesDep, name: GalleryName, photo_id: PhotoId, edited: EditedPhoto
) -> Response:
    """Change the label or the metadata of a photo. Its id, picture and embedding stay."""
    photo = await services.catalogue.change(name, photo_id, photo_changes(edited))
    return await json_response(lambda: _photo(name, photo))


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
    selection: QuerySelection,
) -> Response:
    """Find the photos of the same gallery that are most similar to a photo. The photo itself is left out."""
    results = await services.search.similar(name, photo_id, selection)
    return await json_response(lambda: search_result(results))


def photo_changes(edited: EditedPhoto) -> PhotoChanges:
    """Return the changes that a body asks for.

    Raises:
        ParameterInvalid: it has neither a label nor metadata, or one that cannot be stored.
    """
    changes = PhotoChanges()
    if "label" in edited.model_fields_set:
        changes["label"] = parse_label(edited.label) or None  # forms cannot tell an empty label from none
    if "metadata" in edited.model_fields_set:
        changes["metadata"] = check_metadata(edited.metadata)
        if len(json.dumps(edited.metadata, ensure_ascii=False)) > MAX_METADATA:
            raise ParameterInvalid(
                f"the metadata has more than {MAX_METADATA:,} characters as JSON; send a smaller object",
                (("metadata", f"longer than {MAX_METADATA:,} characters"),),
            )
    if not changes:
        raise ParameterInvalid(
            'there is nothing to change; send a JSON object with "label", "metadata" or both',
            (("body", "has neither label nor metadata"),),
        )
    return changes


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


def _photos_added(gallery: str, outcomes: list[Outcome]) -> PhotosAdded:
    return PhotosAdded(
        photos=[_photo(gallery, outcome.photo) for outcome in outcomes if outcome.photo is not None],
        files=[
            UploadedFile(
                name=outcome.name,
                status=outcome.status,
                id=None if outcome.photo is None else outcome.photo.id,
                reason=outcome.reason,
            )
            for outcome in outcomes
        ],
    )


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
