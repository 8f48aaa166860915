"""Translate, analogy and embed: one picture in, pictures or a code out."""

import base64
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from pydantic import BeforeValidator

from service.http.dependencies import ServicesDep
from service.http.form_fields import drop_empty_files, read_upload, read_uploads, refuse_repeated_fields
from service.http.schemas import Embedding, ImageOut
from service.http.schemas import Translation as TranslationOut
from service.http.security import READ
from service.images.decode import Format, encode
from service.inference.translation import DEFAULT_MIX, MAX_REFERENCES, Translation

router = APIRouter(tags=["images"], dependencies=READ)
ONCE = [Depends(refuse_repeated_fields())]

Image = Annotated[UploadFile, File(description="PNG, JPEG, WebP, GIF (first frame) or BMP")]
ModelName = Annotated[str | None, Form(description="a model's id; default the first that can do this")]
Source = Annotated[str | None, Form(description="the image's domain; default the model's first")]
AS_IMAGE: dict[int | str, dict[str, object]] = {
    200: {
        "headers": {
            "X-Seed": {
                "description": "with an image: repeats this sample, where something was drawn",
                "schema": {"type": "integer"},
            }
        },
        "content": {
            f"image/{kind}": {"schema": {"type": "string", "format": "binary"}}
            for kind in ("png", "webp", "jpeg")
        },
    }
}


@router.post(
    "/translate",
    operation_id="images.translate",
    dependencies=[Depends(refuse_repeated_fields("reference"))],
    response_model=TranslationOut,
    responses=AS_IMAGE,
)
async def translate(
    request: Request,
    services: ServicesDep,
    image: Image,
    model: ModelName = None,
    source: Source = None,
    samples: Annotated[
        int, Form(ge=1, le=16, description="how many pictures to make, each in another style")
    ] = 1,
    seed: Annotated[
        int | None, Form(ge=0, le=2**32 - 1, description="sample i is drawn with seed + i")
    ] = None,
    reference: Annotated[
        list[UploadFile],
        BeforeValidator(drop_empty_files),
        File(description="take this picture's style; of the target's domain. Two: a style between theirs"),
    ] = [],  # noqa: B006  # FastAPI copies it
    mix: Annotated[
        float, Form(ge=0, le=1, description="where between two references: 0 is the first, 1 the second")
    ] = DEFAULT_MIX,
    style: Annotated[
        Literal["sampled", "mean"], Form(description="mean: the plainest style, nothing drawn")
    ] = "sampled",
) -> Response:
    """The picture in the other domain. With `Accept: image/png`, `image/webp` or `image/jpeg`, the first result's bytes."""
    served = services.registry.get(model, capability="translate")
    manners = await read_uploads(reference, MAX_REFERENCES, "reference")
    made = await services.translator.translate(
        served,
        await read_upload(image),
        source=source,
        samples=samples,
        seed=seed,
        references=manners,
        mix=mix,
        style=style,
    )
    return await _answer(request, services, served.id, made)


@router.post(
    "/analogy",
    operation_id="images.analogy",
    dependencies=ONCE,
    response_model=TranslationOut,
    responses=AS_IMAGE,
)
async def analogy(
    request: Request,
    services: ServicesDep,
    image: Image,
    reference: Annotated[UploadFile, File(description="how to show it; of the same domain")],
    model: ModelName = None,
    source: Source = None,
    reference_source: Annotated[
        str | None, Form(description="the reference's domain, if said apart; it must be the image's")
    ] = None,
) -> Response:
    """What the image shows, as the reference shows it; both of one domain."""
    served = services.registry.get(model, capability="analogy")
    made = await services.translator.analogy(
        served,
        await read_upload(image),
        await read_upload(reference),
        source=source,
        reference_source=reference_source,
    )
    return await _answer(request, services, served.id, made)


@router.post("/embed", operation_id="images.embed", dependencies=ONCE)
async def embed(
    services: ServicesDep,
    image: Image,
    model: ModelName = None,
    source: Source = None,
    kind: Annotated[
        Literal["shared", "exclusive"],
        Form(description="which code: of what both domains show, or of what this one alone does"),
    ] = "shared",
) -> Embedding:
    """The mean of a picture's shared code (zs) or of its exclusive one (zx, zy)."""
    served = services.registry.get(model, capability="embed")
    encoder = services.embedder.shared if kind == "shared" else services.embedder.exclusive
    code = await encoder(served, served.side(source), await read_upload(image))
    return Embedding(model=served.id, kind=kind, shape=list(code.shape), values=code.ravel().tolist())


async def _answer(request: Request, services: ServicesDep, model: str, made: Translation) -> Response:
    wanted = _accepted(request.headers.get("accept", ""))
    files = [
        await services.workers.run_unbounded(encode, each.image, wanted or "png")
        for each in (made.samples[:1] if wanted else made.samples)
    ]
    if wanted is not None:
        seed = made.samples[0].seed
        return Response(
            files[0], media_type=f"image/{wanted}", headers={} if seed is None else {"X-Seed": str(seed)}
        )
    images = [
        ImageOut(
            content_type="image/png",
            data=base64.b64encode(file).decode(),
            width=each.image.width,
            height=each.image.height,
            seed=each.seed,
        )
        for file, each in zip(files, made.samples, strict=True)
    ]
    body = TranslationOut(model=model, source=made.source, target=made.target, images=images)
    return Response(body.model_dump_json(), media_type="application/json")


def _accepted(accept: str) -> Format | None:
    """The first of our image kinds that the client names, unless it names JSON before."""
    for entry in accept.split(","):
        kind = entry.split(";")[0].strip().lower()
        if kind == "application/json":
            return None
        if kind == "image/png":
            return "png"
        if kind == "image/webp":
            return "webp"
        if kind == "image/jpeg":
            return "jpeg"
    return None
