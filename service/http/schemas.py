"""What goes over the wire: answers, as clients are generated from them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Answer(BaseModel):
    """Answers name all their fields, also those that have a default here."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class FieldProblem(BaseModel):
    """One field of a request that is not acceptable."""

    field: str = Field(description="the field's name; `body` for the body as a whole", examples=["k"])
    message: str = Field(
        description="what it ought to be", examples=["Input should be less than or equal to 1000"]
    )


class Problem(BaseModel):
    """What went wrong, after RFC 9457. `code` is stable and for programs, `detail` for people."""

    type: str = Field(
        "about:blank",
        description="always `about:blank`: `code` tells problems apart",
        examples=["about:blank"],
    )
    title: str = Field(
        description="the kind of problem, the same for each `code`", examples=["There is no such gallery"]
    )
    status: int = Field(description="the HTTP status, once more", examples=[404])
    detail: str = Field(
        description="what was wrong this time, and what is accepted",
        examples=["there is no gallery 'catalogue'"],
    )
    code: str = Field(examples=["gallery_not_found"])  # service.schema_document lists the codes
    request_id: str = Field(
        "",
        description="the answer's `X-Request-ID`, by which the server's operator finds the request",
        examples=["6f1c2a9b0d"],
    )
    errors: list[FieldProblem] = Field(
        [], description="with `parameter_invalid`: each of the fields that are not acceptable"
    )


class ImageOut(Answer):
    """A picture that was made."""

    content_type: str = Field(description="the file's type", examples=["image/png"])
    data: str = Field(description="the file, base64", json_schema_extra={"contentEncoding": "base64"})
    width: int = Field(description="in pixels")
    height: int = Field(description="in pixels")
    seed: int | None = Field(description="repeats this sample; null where nothing was drawn")


class Translation(Answer):
    """Pictures made of a picture."""

    model: str = Field(description="id of the model that made them")
    source: str = Field(description="domain of the picture sent", examples=["photo"])
    target: str = Field(description="domain of the pictures made", examples=["label"])
    images: list[ImageOut] = Field(description="one for each sample asked for")


class HitOut(Answer):
    """A photo that was found."""

    id: int = Field(description="the photo's id in its gallery")
    score: float = Field(description="higher is nearer; `scores` says what it is")
    label: str | None = Field(description="what the photo was labelled as, if it was")
    url: str = Field(description="path of the photo's bytes on this server; with ?size=thumbnail, small")
    metadata: dict[str, JsonValue] = Field(description="what was added with the photo")


class SearchResult(Answer):
    """Photos of one gallery, best first."""

    gallery: str = Field(description="name of the gallery that was searched")
    model: str = Field(description="id of the model by which it was searched")
    scores: str = Field(
        examples=["probability"],
        description="what scores are: `probability` that the photo is of the query's class, in galleries of as many photos; `cosine`; "
        "or `nearness`, 1 / (1 + L2 distance)",
    )
    hits: list[HitOut] = Field(description="best first")


class Embedding(Answer):
    """A picture's code."""

    model: str = Field(description="id of the model that made it")
    kind: Literal["shared", "exclusive"] = Field(
        description="what the code holds: what both domains show, or what this one alone does"
    )
    shape: list[int] = Field(description="the code's axes")
    values: list[float] = Field(description="row-major, of `shape`")


class ModelOut(Answer):
    """A model that is served."""

    id: str = Field(description="by which requests name it")
    version: str = Field(description="of the checkpoint that is served")
    preset: str = Field(description="the settings that it was made with")
    domains: list[str] = Field(description="X and Y")
    image_size: int = Field(description="height and width to which pictures are brought, in pixels")
    metrics: dict[str, float] = Field(description="as measured when it was made")
    capabilities: list[str] = Field(description="among `analogy`, `embed`, `retrieve`, `sbir`, `translate`")
    digest: str = Field(description="SHA-256 of the weights; galleries name it")
    trained_on: str = Field(description="the data that it has learnt from")
    terms: str = Field(description="what those data allow")
    device: str = Field(examples=["cpu"], description="what it runs on")


class RejectedOut(Answer):
    """A checkpoint that is not served."""

    id: str = Field(description="the model's id")
    version: str = Field(description="the checkpoint's version")
    reason: str = Field(description="why it is not served")


class Models(Answer):
    """All models."""

    models: list[ModelOut] = Field(description="the default one first, then by id")
    rejected: list[RejectedOut] = Field(description="checkpoints in the store that are not served, and why")


class NewGallery(BaseModel):
    """A gallery to be made."""

    name: str = Field(
        examples=["catalogue"], description="lower-case letters, digits, '.', '_', '-'; at most 64"
    )
    model: str = Field(examples=["sketchy"], description="id of the model by which it will be searched")
    domain: str | None = Field(None, description="domain of the photos; default the model's first")


class GalleryOut(Answer):
    """A gallery: photos of one domain, embedded by one model."""

    name: str = Field(description="by which requests name it")
    model: str = Field(description="id of the model by which it is searched")
    domain: str = Field(description="domain of the photos")
    photos: int = Field(description="how many there are")
    index: str = Field(examples=["flat"], description="the kind of index, which is chosen by size")
    credit: str | None = Field(None, description="whom the photos are due to, if that is known")
    outdated: bool = Field(
        description="made with another checkpoint than the one served; it must be embedded again"
    )


class DamagedOut(Answer):
    """A gallery that cannot be read."""

    name: str = Field(description="the gallery's name")
    reason: str = Field(description="what is wrong with it")


class GalleriesOut(Answer):
    """All galleries."""

    galleries: list[GalleryOut] = Field(description="the default one, where there is one, then by name")
    damaged: list[DamagedOut] = Field(
        description="galleries that cannot be read, and why; they can be deleted"
    )


class PhotoOut(Answer):
    """A photo of a gallery."""

    id: int = Field(description="in its gallery; larger ones were added later")
    sha256: str = Field(description="of its bytes, in hexadecimal")
    label: str | None = Field(description="what it was labelled as, if it was")
    width: int = Field(description="in pixels, as the file has it: EXIF may turn it")
    height: int = Field(description="in pixels, as the file has it: EXIF may turn it")
    url: str = Field(description="path of its bytes on this server; with ?size=thumbnail, small")
    metadata: dict[str, JsonValue] = Field(description="what was added with it")


class PhotosAdded(Answer):
    """The photos of a request, as they are kept."""

    photos: list[PhotoOut] = Field(description="in the order sent; the same bytes twice are one photo")


class PhotoPage(Answer):
    """Some of a gallery's photos."""

    photos: list[PhotoOut] = Field(description="by id")
    next: int | None = Field(description="`after` of the next page; null on the last")


class Health(Answer):
    """How the service is."""

    status: str = Field(examples=["ready"], description="`live` or `ready`")
    degraded: list[str] = Field(default_factory=list, description="what is down but not needed, e.g. redis")


class NewReindex(BaseModel):
    """How to embed a gallery anew."""

    model: str | None = Field(
        None,
        examples=["sketchy"],
        description="the model to embed by; default the gallery's own, in the version that is served",
    )
    anew: bool = Field(
        False,
        description="embed every photo, also those that an interrupted reindex or the same checkpoint has embedded",
    )


class ReindexFault(Answer):
    """A photo whose picture could not be embedded."""

    id: int = Field(description="the photo's id in its gallery")
    reason: str = Field(examples=["its file is gone"], description="why its picture was not embedded")
    thumbnail: bool = Field(
        description="its thumbnail was embedded instead; else the photo is kept, and found by no search until a reindex can read it"
    )


class ReindexOut(Answer):
    """How far a reindex is, or came."""

    state: Literal["running", "done", "failed", "cancelled"] = Field(
        description="`failed` and interrupted ones go on where they were when they are begun again"
    )
    model: str = Field(examples=["sketchy"], description="the model that embeds")
    digest: str = Field(description="SHA-256 of its weights")
    done: int = Field(description="photos that are embedded, or of which that failed")
    total: int = Field(description="photos of the gallery")
    failures: int = Field(description="photos whose pictures could not be embedded")
    failed: list[ReindexFault] = Field(description="the first 100 of them, by id")
    error: str | None = Field(description="why it failed as a whole")
    started: datetime = Field(description="when it was begun, or begun again")
    ended: datetime | None = Field(description="null while it runs")
