"""The JSON bodies of requests and responses. The clients are generated from them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, StrictBool
from typing_extensions import TypeAliasType

from model.checkpoint import NAME
from model.sketch import calibration
from service.http.selection_texts import (
    FOLDER,
    LABELS,
    MAX_OFFSET,
    MAX_VALUES,
    METADATA,
    MIN_SCORE,
    OFFSET,
    K,
)

NAME_SCHEMA: dict[str, JsonValue] = {"pattern": f"^{NAME.pattern}$"}
"""Documents the names of galleries and models. The use cases check them, with an error of their own."""


MAX_LABEL, MAX_METADATA = 200, 20_000
"""Characters of a photo's label, and of its metadata as JSON."""


class Answer(BaseModel):
    """Base of all responses. Every field is always present, even if it has a default here."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class Request(BaseModel):
    """Base of all JSON bodies of requests. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class FieldProblem(BaseModel):
    """An invalid field of a request."""

    field: str = Field(description="Name of the field; `body` for the whole body.", examples=["k"])
    message: str = Field(
        description="What is wrong with the field, and what is accepted.",
        examples=["Input should be less than or equal to 1000"],
    )


class Problem(BaseModel):
    """Description of an error (RFC 9457). Programs use `code`, which never changes; people read `detail`."""

    type: str = Field(
        "about:blank",
        description="Always `about:blank`; use `code` to distinguish problems.",
        examples=["about:blank"],
    )
    title: str = Field(
        description="Short description of the kind of problem, the same for each `code`.",
        examples=["Gallery does not exist"],
    )
    status: int = Field(description="HTTP status of the response.", examples=[404])
    detail: str = Field(
        description="What went wrong in this request, and what to do.",
        examples=["there is no gallery 'catalogue'"],
    )
    # service.http.openapi lists the codes in the description.
    code: str = Field(examples=["gallery_not_found"])
    request_id: str = Field(
        "",
        description="Id of the request, also sent as `X-Request-ID`. Quote it when you report a problem.",
        examples=["6f1c2a9b0d"],
    )
    errors: list[FieldProblem] = Field(
        [], description="The invalid fields, if `code` is `parameter_invalid`."
    )


class ImageOut(Answer):
    """A generated image."""

    content_type: str = Field(description="Media type of the image.", examples=["image/png"])
    data: str = Field(
        description="The image file, encoded as base64.", json_schema_extra={"contentEncoding": "base64"}
    )
    width: int = Field(description="Width in pixels.")
    height: int = Field(description="Height in pixels.")
    seed: int | None = Field(
        description="Seed that reproduces this image; null if the style was not sampled."
    )


class Translation(Answer):
    """Images generated from an image."""

    model: str = Field(description="Id of the model that generated the images.")
    source: str = Field(description="Domain of the uploaded image.", examples=["photo"])
    target: str = Field(description="Domain of the generated images.", examples=["label"])
    images: list[ImageOut] = Field(description="The generated images, one per sample.")


Grade = TypeAliasType(
    "Grade", Annotated[calibration.Grade, Field(description="How well a photo matches a query.")]
)
"""A schema with a name, so that clients have this type. `type` statements need Python 3.12."""


class HitOut(Answer):
    """A photo that matches a query."""

    id: int = Field(description="Id of the photo in its gallery.")
    score: float = Field(description="Similarity to the query; higher is better. See `scores`.")
    grade: Grade | None = Field(
        description="Whether the score is that of a `strong`, a `possible` or a `weak` match. "
        "Each model has its own limits. Null if `scores` is not `probability`."
    )
    label: str | None = Field(description="Label of the photo; null if it has none.")
    url: str = Field(description="Path of the image file; add `&size=thumbnail` for a thumbnail.")
    metadata: dict[str, JsonValue] = Field(description="Metadata of the photo.")


class SearchResult(Answer):
    """The hits of a search, best first."""

    gallery: str = Field(description="Name of the gallery that was searched.")
    model: str = Field(description="Id of the model that embedded the query.")
    scores: str = Field(
        examples=["probability"],
        description="Kind of score: `probability` (that the photo has the query's class, given the size of "
        "the gallery), `cosine` (cosine similarity), `inner_product` (like a cosine, but it "
        "also says how probably both pictures show the same thing) or `nearness` (1 / (1 + L2 distance)).",
    )
    hits: list[HitOut] = Field(
        description="Matching photos, best first. Empty if the gallery is empty, "
        "or all scores are below `min_score`."
    )


MAX_VECTOR = 8192
"""Values of a vector. The body's limit of 65,536 bytes has room for 3,000 values with 17 digits."""


class VectorQuery(Request):
    """A search by an embedding that the client has kept."""

    vector: list[FiniteFloat] = Field(
        min_length=1,
        max_length=MAX_VECTOR,
        description="The `values` of `POST /embed` with `kind=search`; `kind=search_drawn` for galleries of "
        "drawn pictures.",
    )
    gallery: str | None = Field(
        None, description="Name of the gallery; the default gallery if omitted.", examples=["openmoji"]
    )
    digest: str | None = Field(
        None,
        pattern="^[0-9a-f]{12,64}$",
        description="Digest of the checkpoint that computed the vector, or its first 12 digits. If another "
        "checkpoint embedded the gallery, the answer is 409 instead of hits that mean nothing.",
    )
    source: str | None = Field(
        None,
        description="Domain of the picture that the vector describes; if omitted, the domain other than the "
        "gallery's. Scores depend on it.",
    )
    expand: StrictBool = Field(
        False,
        description="Whether photos similar to the first hits rank higher, if the vector describes a sketch.",
    )
    k: int = Field(20, ge=1, le=1000, description=K)
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description=OFFSET)
    min_score: float | None = Field(None, ge=-1, le=1, allow_inf_nan=False, description=MIN_SCORE)
    label: list[str] = Field([], max_length=MAX_VALUES, description=LABELS)
    folder: str | None = Field(None, description=FOLDER)
    metadata: dict[str, JsonValue] = Field({}, description=METADATA)


EmbeddingKind = Literal["shared", "exclusive", "search", "search_drawn"]
EMBEDDING_KINDS = (
    "Embedding of the content that both domains share (`shared`), of what only this domain shows "
    "(`exclusive`), or what galleries store and searches compare (`search`; `search_drawn` in galleries of "
    "drawn pictures)."
)


class Embedding(Answer):
    """The embedding of an image."""

    model: str = Field(description="Id of the model that embedded the image.")
    digest: str = Field(description="SHA-256 of the model's weights. Embeddings of another one differ.")
    kind: EmbeddingKind = Field(description=EMBEDDING_KINDS)
    shape: list[int] = Field(description="Shape of the embedding.")
    values: list[float] = Field(description="Values of the embedding in row-major order.")


class ModelOut(Answer):
    """A model that is served."""

    id: str = Field(description="Id of the model.")
    version: str = Field(description="Version of the checkpoint that is served.")
    preset: str = Field(description="Name of the preset that the model was trained with.")
    domains: list[str] = Field(description="The model's two domains, X and Y.")
    image_size: int = Field(description="Height and width in pixels to which images are resized.")
    metrics: dict[str, float] = Field(description="Metrics of the model, measured after training.")
    capabilities: list[str] = Field(
        description="What the model can do: some of `analogy`, `embed`, `retrieve`, `sbir`, `styles` and "
        "`translate`. Without `styles`, an image has one translation."
    )
    default_for: list[str] = Field(
        description="Capabilities for which the model answers requests that name no model: some of "
        "`analogy`, `embed` and `translate`. The first model that has a capability becomes its "
        "default, and stays it until another one is chosen."
    )
    digest: str = Field(description="SHA-256 of the weights. A gallery belongs to one digest.")
    trained_on: str = Field(description="Data set that the model was trained on.")
    terms: str = Field(description="Terms of use of the training data.")
    device: str = Field(examples=["cpu"], description="Device that runs the model.")


class RejectedOut(Answer):
    """A checkpoint that cannot be served."""

    id: str = Field(description="Id of the model.")
    version: str = Field(description="Version of the checkpoint.")
    reason: str = Field(description="Why the checkpoint cannot be served.")


class Models(Answer):
    """All models."""

    models: list[ModelOut] = Field(description="Models that are a default first, then the others, by id.")
    rejected: list[RejectedOut] = Field(description="Checkpoints that cannot be served.")


EXPANSION = (
    "Whether searches by sketch expand the query with the first hits, unless they say otherwise. It helps if "
    "there are several photos of a thing, and harms a little if there is one of each."
)

DRAWN = (
    "Whether the pictures are drawn: icons, emoji or clip art. Their searches rely more on what the model "
    "recognises, and less on likeness."
)


class NewGallery(Request):
    """A gallery to create."""

    name: str = Field(
        examples=["catalogue"],
        description="Name of the gallery: at most 64 lower-case letters, digits, '.', '_' and '-'.",
        json_schema_extra=NAME_SCHEMA,
    )
    model: str = Field(examples=["sketchy"], description="Id of the model that will embed the photos.")
    domain: str | None = Field(None, description="Domain of the photos; the model's first domain if omitted.")
    drawn: StrictBool = Field(False, description=DRAWN)
    expand: StrictBool | None = Field(
        None, description=f"{EXPANSION} If omitted, they expand it unless the pictures are drawn."
    )


class GalleryOut(Answer):
    """A gallery: photos of one domain, embedded by one model."""

    name: str = Field(description="Name of the gallery.")
    model: str = Field(description="Id of the model that embedded the photos.")
    digest: str = Field(description="SHA-256 of the weights of the checkpoint that embedded the photos.")
    domain: str = Field(description="Domain of the photos.")
    photos: int = Field(description="Number of photos.")
    index: str = Field(examples=["flat"], description="Kind of search index, chosen by the number of photos.")
    credit: str | None = Field(None, description="Source and license of the photos; null if unknown.")
    drawn: bool = Field(description=DRAWN)
    expand: bool = Field(description=EXPANSION)
    default_for: list[str] = Field(
        description="Searches that use this gallery if they name none: `sbir` (`POST /sbir/search`) and "
        "`retrieve` (`POST /retrieve`). The first such search chooses a gallery, and it stays the default "
        "until another one is chosen."
    )
    outdated: bool = Field(
        description="Whether another checkpoint embedded the photos. Reindex the gallery to search it."
    )
    damaged_rows: int = Field(
        description="Number of rows and uploaded pictures that were found damaged on the disk since the "
        "gallery was opened. Searches leave damaged rows out. `iiae fsck` finds all of them."
    )


class DamagedOut(Answer):
    """A gallery whose files are damaged."""

    name: str = Field(description="Name of the gallery.")
    reason: str = Field(description="Why the gallery cannot be read.")


class UnavailableOut(Answer):
    """A gallery that does not answer now: it is locked, or its disk stalls or fails."""

    name: str = Field(description="Name of the gallery.")
    reason: str = Field(description="Why the gallery does not answer.")


class GalleriesOut(Answer):
    """All galleries."""

    galleries: list[GalleryOut] = Field(
        description="Galleries that are a default first, then the others, by name."
    )
    damaged: list[DamagedOut] = Field(
        description="Galleries whose files are damaged. Restore them from a backup."
    )
    unavailable: list[UnavailableOut] = Field(
        default_factory=list, description="Galleries that do not answer now. Try again later."
    )


class PhotoOut(Answer):
    """A photo of a gallery."""

    id: int = Field(description="Id of the photo in its gallery. Later photos have larger ids.")
    sha256: str = Field(description="SHA-256 of the image file, in hexadecimal.")
    label: str | None = Field(description="Label of the photo; null if it has none.")
    width: int = Field(description="Width in pixels of the upright picture.")
    height: int = Field(description="Height in pixels of the upright picture.")
    url: str = Field(description="Path of the image file; add `&size=thumbnail` for a thumbnail.")
    metadata: dict[str, JsonValue] = Field(description="Metadata of the photo.")


class EditedPhoto(Request):
    """What to change of a photo. Fields that are left out stay as they are."""

    label: str | None = Field(
        None,
        max_length=MAX_LABEL,
        description="The new label, one line of text. Null or an empty text removes the label.",
    )
    metadata: dict[str, JsonValue] = Field(
        {}, description="The new metadata. It replaces the old as a whole."
    )


class UploadedFile(Answer):
    """What became of one file of a request."""

    name: str | None = Field(description="Name of the file, as it was sent; null without a name.")
    status: Literal["added", "known", "refused"] = Field(
        description="`added`: it is a new photo. `known`: the gallery has this picture already. "
        "`refused`: it is not a picture that can be added."
    )
    id: int | None = Field(description="Id of the photo; null if the file was refused.")
    reason: str | None = Field(
        description="Why the file was refused. For a known picture: what it keeps, although the request sent "
        "another label or other metadata. Null if there is nothing to say."
    )


class PhotosAdded(Answer):
    """The photos of a request, as stored."""

    photos: list[PhotoOut] = Field(
        description="The photos, in the order of the request, without refused files. Equal files are one "
        "photo."
    )
    files: list[UploadedFile] = Field(description="What became of each file, in the order of the request.")


class PhotosRemoved(Answer):
    """The result of removing several photos."""

    removed: int = Field(description="Number of photos that were removed.")


class LabelOut(Answer):
    """A label of a gallery."""

    label: str | None = Field(description="The label; null for photos without a label.")
    photos: int = Field(description="Number of photos with this label.")


class Labels(Answer):
    """The labels of a gallery."""

    labels: list[LabelOut] = Field(description="The labels, most photos first.")


class PhotoPage(Answer):
    """One page of a gallery's photos."""

    photos: list[PhotoOut] = Field(description="Photos, sorted by id.")
    next: int | None = Field(description="Value of `after` for the next page; null on the last page.")


class Health(Answer):
    """Health of the service."""

    status: str = Field(examples=["ready"], description="`live` or `ready`.")
    degraded: list[str] = Field(
        default_factory=list,
        description="What limits the service. `redis`: Redis is down. `disk`: nothing can be added, because "
        "free space is short, or the disk is read-only or does not answer. Other requests are answered.",
    )


class NewReindex(Request):
    """Options of a reindex."""

    model: str | None = Field(
        None,
        examples=["sketchy"],
        description="Id of the model that embeds the photos; the gallery's own model if omitted.",
    )
    anew: StrictBool = Field(
        False,
        description="Whether to embed every photo again, "
        "even if an interrupted reindex or the same checkpoint has already embedded it.",
    )
    drawn: StrictBool | None = Field(
        None, description=f"{DRAWN} If it changes, so does `expand`. If omitted, both stay as they are."
    )


class ReindexFault(Answer):
    """A photo that could not be embedded."""

    id: int = Field(description="Id of the photo in its gallery.")
    reason: str = Field(examples=["its file is gone"], description="Why the photo could not be embedded.")
    thumbnail: bool = Field(
        description="Whether its thumbnail was embedded instead. "
        "If not, searches cannot find the photo until a later reindex embeds it."
    )


class ReindexOut(Answer):
    """Progress of a reindex."""

    state: Literal["running", "done", "failed", "cancelled"] = Field(
        description="State of the reindex. A failed or interrupted reindex resumes when it is started again."
    )
    model: str = Field(examples=["sketchy"], description="Id of the model that embeds the photos.")
    digest: str = Field(description="SHA-256 of the model's weights.")
    done: int = Field(description="Number of photos processed, including failures.")
    total: int = Field(description="Number of photos in the gallery.")
    failures: int = Field(description="Number of photos that could not be embedded.")
    failed: list[ReindexFault] = Field(
        description="The first 100 photos that could not be embedded, sorted by id."
    )
    error: str | None = Field(description="Why the whole reindex failed; null if it did not.")
    started: datetime = Field(description="Time at which the reindex was started or resumed.")
    ended: datetime | None = Field(description="Time at which the reindex ended; null while it runs.")
