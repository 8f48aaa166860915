"""Search: photos by a sketch, or by any picture of the other domain."""

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, UploadFile

from service.galleries.query import SearchResults
from service.http.dependencies import ServicesDep
from service.http.form_fields import read_upload, read_uploads, refuse_repeated_fields
from service.http.schemas import HitOut, SearchResult
from service.http.security import READ

router = APIRouter(dependencies=READ)
MOST_SKETCHES = 8

Gallery = Annotated[
    str | None, Form(description="a gallery's name; default the first that can be searched so")
]
K = Annotated[int, Form(ge=1, le=1000, description="how many hits at most")]


@router.post(
    "/sbir/search",
    tags=["sbir"],
    operation_id="sbir.search",
    dependencies=[Depends(refuse_repeated_fields("sketch"))],
)
async def search_by_sketch(
    services: ServicesDep,
    sketch: Annotated[
        list[UploadFile], File(description=f"a drawing, or up to {MOST_SKETCHES} of the same thing")
    ],
    photo: Annotated[
        UploadFile | None, File(description="a picture beside the drawings: like this, but drawn so")
    ] = None,
    gallery: Gallery = None,
    k: K = 20,
    expand: Annotated[
        bool, Form(description="whether the first hits make the query wider, so that photos like them rise")
    ] = True,
) -> SearchResult:
    """The photos of a gallery that a sketch looks like, best first; also of classes that no model was trained on."""
    sketches = await read_uploads(sketch, MOST_SKETCHES, "sketch")
    beside = None if photo is None else await read_upload(photo)
    return answer(
        await services.search.search_by_sketches(sketches, beside, gallery=gallery, k=k, expand=expand)
    )


@router.post(
    "/retrieve",
    tags=["images"],
    operation_id="images.retrieve",
    dependencies=[Depends(refuse_repeated_fields())],
)
async def retrieve(
    services: ServicesDep,
    image: Annotated[
        UploadFile, File(description="a picture of the domain that the gallery is not of, or of `source`")
    ],
    gallery: Gallery = None,
    k: K = 20,
    source: Annotated[str | None, Form(description="the image's domain")] = None,
) -> SearchResult:
    """The photos of a gallery whose shared code is nearest; any model, either direction."""
    return answer(
        await services.search.search(
            await read_upload(image), gallery=gallery, k=k, capability="retrieve", source=source
        )
    )


def answer(found: SearchResults) -> SearchResult:
    """Hits as they go over the wire."""
    name = found.gallery.name
    hits = [
        HitOut(
            id=hit.photo.id,
            score=round(hit.score, 6),
            label=hit.photo.label,
            url=f"/galleries/{name}/photos/{hit.photo.id}",
            metadata=hit.photo.metadata,
        )
        for hit in found.hits
    ]
    return SearchResult(gallery=name, model=found.model.id, scores=found.scores, hits=hits)
