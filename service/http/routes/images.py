"""Translate, analogy and embed: images in; images or an embedding out."""

import asyncio
import base64
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from pydantic import BeforeValidator

from service.http.dependencies import Services, ServicesDep
from service.http.form_fields import (
    ImageFile,
    drop_empty_files,
    read_upload,
    read_uploads,
    refuse_repeated_fields,
)
from service.http.request_body import StrictRoute
from service.http.schemas import EMBEDDING_KINDS, Embedding, EmbeddingKind, ImageOut
from service.http.schemas import Translation as TranslationOut
from service.http.security import READ
from service.images.encode import Format, encode
from service.inference.translation import DEFAULT_MIX, MAX_REFERENCES, Translation

router = APIRouter(tags=["images"], dependencies=READ, route_class=StrictRoute)

FORMATS: dict[str, Format] = {"image/png": "png", "image/webp": "webp", "image/jpeg": "jpeg"}
"""Image formats of responses, by media type."""

ModelId = Annotated[
    str | None, Form(description="Id of the model; the first model with this capability if omitted.")
]
Source = Annotated[str | None, Form(description="Domain of the image; the model's first domain if omitted.")]
IMAGE_RESPONSES: dict[int | str, dict[str, object]] = {
    200: {
        "headers": {
            "X-Seed": {
                "description": "Seed of the image, if the response is an image and its style was sampled.",
                "schema": {"type": "integer"},
            }
        },
        "content": {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in FORMATS},
    }
}

CONVERTED: dict[int | str, dict[str, object]] = {
    200: {
        "description": "The image as WebP.",
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/translate",
    operation_id="images.translate",
    dependencies=[Depends(refuse_repeated_fields("reference"))],
    response_model=TranslationOut,
    responses=IMAGE_RESPONSES,
)
async def translate(
    request: Request,
    services: ServicesDep,
    image: ImageFile,
    model: ModelId = None,
    source: Source = None,
    samples: Annotated[
        int, Form(ge=1, le=16, description="Number of images to generate, each with its own style.")
    ] = 1,
    seed: Annotated[
        int | None,
        Form(
            ge=0,
            le=2**32 - 1,
            description="Seed of the first sample; sample i uses seed + i. A random seed if omitted.",
        ),
    ] = None,
    reference: Annotated[
        list[UploadFile],
        BeforeValidator(drop_empty_files),
        File(
            description="Image of the target domain whose style to use. Two images give a style between both."
        ),
    ] = [],  # noqa: B006  # FastAPI copies it
    mix: Annotated[
        float,
        Form(ge=0, le=1, description="Position between two references: 0 is the first, 1 is the second."),
    ] = DEFAULT_MIX,
    style: Annotated[
        Literal["sampled", "mean"], Form(description="Random style (`sampled`) or average style (`mean`).")
    ] = "sampled",
) -> Response:
    """Translate an image to the model's other domain.

    With `Accept: image/png`, `image/webp` or `image/jpeg` the response is the first generated image.
    """
    served = services.registry.get(model, capability="translate")
    references = await read_uploads(reference, MAX_REFERENCES, "reference")
    translation = await services.translator.translate(
        served,
        await read_upload(image),
        source=source,
        samples=samples,
        seed=seed,
        references=references,
        mix=mix,
        style=style,
    )
    return await _translation_response(request, services, served.id, translation)


@router.post(
    "/analogy",
    operation_id="images.analogy",
    dependencies=[Depends(refuse_repeated_fields())],
    response_model=TranslationOut,
    responses=IMAGE_RESPONSES,
)
async def analogy(
    request: Request,
    services: ServicesDep,
    image: ImageFile,
    reference: Annotated[UploadFile, File(description="Image of the same domain whose style to use.")],
    model: ModelId = None,
    source: Source = None,
    reference_source: Annotated[
        str | None,
        Form(description="Domain of the reference; must be the image's domain, which is the default."),
    ] = None,
) -> Response:
    """Generate an image with the content of one image and the style of another image of the same domain.

    With `Accept: image/png`, `image/webp` or `image/jpeg` the response is the generated image.
    """
    served = services.registry.get(model, capability="analogy")
    translation = await services.translator.analogy(
        served,
        await read_upload(image),
        await read_upload(reference),
        source=source,
        reference_source=reference_source,
    )
    return await _translation_response(request, services, served.id, translation)


@router.post("/embed", operation_id="images.embed", dependencies=[Depends(refuse_repeated_fields())])
async def embed(
    services: ServicesDep,
    image: ImageFile,
    model: ModelId = None,
    source: Source = None,
    kind: Annotated[EmbeddingKind, Form(description=EMBEDDING_KINDS)] = "shared",
) -> Embedding:
    """Embed an image: its shared code (the mean of zs), exclusive code (of zx or zy), or search code."""
    served = services.registry.get(model, capability="embed")
    embedder, side, upload = services.embedder, served.side(source), await read_upload(image)
    if kind == "shared":
        code = await embedder.shared(served, side, upload)
    elif kind == "exclusive":
        code = await embedder.exclusive(served, side, upload)
    else:
        code = await embedder.search_code(served, side, upload, drawn=kind == "search_drawn")
    return Embedding(
        model=served.id,
        digest=served.digest,
        kind=kind,
        shape=list(code.shape),
        values=code.ravel().tolist(),
    )


@router.post(
    "/preview",
    operation_id="images.preview",
    dependencies=[Depends(refuse_repeated_fields())],
    response_class=Response,
    responses=CONVERTED,
)
async def preview(services: ServicesDep, image: ImageFile) -> Response:
    """Convert an image to WebP: upright, in sRGB, of at most 2048 x 2048 pixels.

    Browsers cannot show all formats that this service reads, such as HEIC and TIFF.
    """
    upload = await read_upload(image)
    return Response(await services.decoder.for_screen(upload.data), media_type="image/webp")


async def _translation_response(
    request: Request, services: Services, model: str, translation: Translation
) -> Response:
    """Return the images as JSON, or the first image if the client accepts images.

    Encoding runs in worker threads, all samples in parallel.
    """
    media_type = accepted_image_type(request.headers.get("accept", ""))
    workers = services.encoding
    if media_type is not None:
        first = translation.samples[0]
        data = await workers.run_unbounded(encode, first.image, FORMATS[media_type])
        headers = {} if first.seed is None else {"X-Seed": str(first.seed)}
        return Response(data, media_type=media_type, headers=headers)
    files = await asyncio.gather(
        *(workers.run_unbounded(encode, sample.image, "png") for sample in translation.samples)
    )
    body = await workers.run_unbounded(_translation_json, model, translation, files)
    return Response(body, media_type="application/json")


def _translation_json(model: str, translation: Translation, files: list[bytes]) -> str:
    images = [
        ImageOut(
            content_type="image/png",
            data=base64.b64encode(file).decode(),
            width=sample.image.width,
            height=sample.image.height,
            seed=sample.seed,
        )
        for file, sample in zip(files, translation.samples, strict=True)
    ]
    return TranslationOut(
        model=model, source=translation.source, target=translation.target, images=images
    ).model_dump_json()


def accepted_image_type(accept: str) -> str | None:
    """Return the first supported image type in an `Accept` header, or None if JSON comes first."""
    for entry in accept.split(","):
        media_type = entry.split(";")[0].strip().lower()
        if media_type == "application/json":
            return None
        if media_type in FORMATS:
            return media_type
    return None
