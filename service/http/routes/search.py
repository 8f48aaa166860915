"""Search: find photos with a sketch, or with any image of the other domain."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, File, Form, Response, UploadFile
from numpy.typing import NDArray

from service.errors import ParameterInvalid
from service.galleries.query import MAX_SKETCHES, SearchResults, Selection
from service.http.dependencies import ServicesDep
from service.http.form_fields import ImageFile, read_upload, read_uploads, refuse_repeated_fields
from service.http.large_json import json_response
from service.http.photo_urls import photo_url
from service.http.request_body import StrictRoute
from service.http.schemas import HitOut, SearchResult, VectorQuery
from service.http.security import READ
from service.http.selection import FormSelection, photo_filter

router = APIRouter(dependencies=READ, route_class=StrictRoute)

GalleryName = Annotated[str | None, Form(description="Name of the gallery; the default gallery if omitted.")]


@router.post(
    "/sbir/search",
    tags=["sbir"],
    operation_id="sbir.search",
    dependencies=[Depends(refuse_repeated_fields("sketch", "label"))],
    response_model=SearchResult,
)
async def search_by_sketch(
    services: ServicesDep,
    selection: FormSelection,
    sketch: Annotated[
        list[UploadFile],
        File(description=f"Image file of a sketch, or up to {MAX_SKETCHES} of the same object."),
    ],
    photo: Annotated[
        UploadFile | None,
        File(description="Photo to combine with the sketches: photo and sketches have the same weight."),
    ] = None,
    gallery: GalleryName = None,
    expand: Annotated[
        bool | None,
        Form(
            description="Query expansion: whether photos similar to the first hits rank higher. "
            "If omitted, the gallery decides."
        ),
    ] = None,
) -> Response:
    """Find the photos of a gallery that match a sketch, best first.

    The search also finds classes that the model was not trained on.
    """
    sketches = await read_uploads(sketch, MAX_SKETCHES, "sketch")
    reference = None if photo is None else await read_upload(photo)
    results = await services.search.search_by_sketches(
        sketches, reference, gallery=gallery, selection=selection, expand=expand
    )
    return await json_response(lambda: search_result(results))


@router.post(
    "/retrieve",
    tags=["images"],
    operation_id="images.retrieve",
    dependencies=[Depends(refuse_repeated_fields("label"))],
    response_model=SearchResult,
)
async def retrieve(
    services: ServicesDep,
    selection: FormSelection,
    image: ImageFile,
    gallery: GalleryName = None,
    source: Annotated[
        str | None,
        Form(description="Domain of the image; if omitted, the domain other than the gallery's."),
    ] = None,
) -> Response:
    """Find the photos of a gallery that are nearest to an image, with any model, in either direction."""
    upload = await read_upload(image)
    results = await services.search.search(
        upload, gallery=gallery, selection=selection, capability="retrieve", source=source
    )
    return await json_response(lambda: search_result(results))


@router.post(
    "/search/vector",
    tags=["images"],
    operation_id="images.search",
    response_model=SearchResult,
)
async def search_by_vector(services: ServicesDep, query: VectorQuery) -> Response:
    """Find the photos of a gallery that are nearest to an embedding, without sending the picture again."""
    selection = Selection(
        k=query.k,
        offset=query.offset,
        min_score=query.min_score,
        wanted=photo_filter(label=query.label, folder=query.folder, metadata=query.metadata),
    )
    results = await services.search.search_by_vector(
        finite_vector(query.vector),
        gallery=query.gallery,
        selection=selection,
        source=query.source,
        digest=query.digest,
        expand=query.expand,
    )
    return await json_response(lambda: search_result(results))


def finite_vector(values: list[float]) -> NDArray[np.float32]:
    """Return the values as an embedding. Raises ParameterInvalid if one is too large for 32 bits."""
    with np.errstate(over="ignore"):
        vector = np.array(values, np.float32)
    if not np.isfinite(vector).all():
        raise ParameterInvalid(
            "the vector has a value that is too large for a 32-bit float; send what POST /embed returned",
            (("vector", "a value is too large"),),
        )
    return vector


def search_result(results: SearchResults) -> SearchResult:
    """Return the response to a search. Call it in a thread: 1,000 hits take up to 0.5 s to validate."""
    name = results.gallery.name
    hits = [
        HitOut(
            id=hit.photo.id,
            score=hit.score,
            grade=hit.grade,
            label=hit.photo.label,
            url=photo_url(name, hit.photo),
            metadata=hit.photo.metadata,
        )
        for hit in results.hits
    ]
    return SearchResult(gallery=name, model=results.model.id, scores=results.scores, hits=hits)
