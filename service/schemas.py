"""What goes over the wire: answers, as clients are generated from them."""

from pydantic import BaseModel, Field, JsonValue


class Problem(BaseModel):
    """RFC 9457. `code` is stable and for programs, `detail` for people."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None = None
    errors: list[dict[str, str]] | None = None


class ImageOut(BaseModel):
    content_type: str = Field(examples=["image/png"])
    data: str = Field(description="the file, base64", json_schema_extra={"contentEncoding": "base64"})
    width: int
    height: int
    seed: int | None = Field(description="repeats this sample; null where nothing was drawn")


class Translation(BaseModel):
    model: str
    source: str = Field(description="domain of the picture sent", examples=["photo"])
    target: str = Field(description="domain of the pictures made", examples=["label"])
    images: list[ImageOut]


class HitOut(BaseModel):
    id: int
    score: float = Field(description="higher is nearer; `scores` says what it is")
    label: str | None
    url: str = Field(description="the photo's bytes; with ?size=thumbnail, small")
    metadata: dict[str, JsonValue]


class SearchResult(BaseModel):
    gallery: str
    model: str
    scores: str = Field(
        examples=["probability"],
        description="what scores are: `probability` that the photo is of the query's class, in a gallery of which 1 photo in 25 is; `cosine`; "
        "or `nearness`, 1 / (1 + L2 distance)",
    )
    hits: list[HitOut] = Field(description="best first")


class Embedding(BaseModel):
    model: str
    kind: str = Field(examples=["shared"])
    shape: list[int]
    values: list[float] = Field(description="row-major, of `shape`")


class ModelOut(BaseModel):
    id: str
    version: str
    preset: str
    domains: list[str] = Field(description="X and Y")
    image_size: int
    metrics: dict[str, float]
    capabilities: list[str]
    digest: str = Field(description="SHA-256 of the weights; galleries name it")
    trained_on: str
    terms: str
    device: str = Field(examples=["cpu"], description="what it runs on")


class RejectedOut(BaseModel):
    id: str
    version: str
    reason: str


class Models(BaseModel):
    models: list[ModelOut]
    rejected: list[RejectedOut] = Field(description="checkpoints in the store that are not served, and why")


class NewGallery(BaseModel):
    name: str = Field(examples=["catalogue"], description="lower-case letters, digits, '.', '_', '-'; at most 64")
    model: str = Field(examples=["sketchy"])
    domain: str | None = Field(None, description="domain of the photos; default the model's first")


class GalleryOut(BaseModel):
    name: str
    model: str
    domain: str
    photos: int
    index: str = Field(examples=["flat"])
    credit: str | None = None
    outdated: bool = Field(description="made with another checkpoint than the one served; it must be embedded again")


class DamagedOut(BaseModel):
    name: str
    reason: str


class GalleriesOut(BaseModel):
    galleries: list[GalleryOut]
    damaged: list[DamagedOut] = Field(description="galleries that cannot be read, and why; they can be deleted")


class PhotoOut(BaseModel):
    id: int
    sha256: str
    label: str | None
    width: int
    height: int
    url: str
    metadata: dict[str, JsonValue]


class PhotosAdded(BaseModel):
    photos: list[PhotoOut] = Field(description="in the order sent; the same bytes twice are one photo")


class PhotoPage(BaseModel):
    photos: list[PhotoOut]
    next: int | None = Field(description="`after` of the next page; null on the last")


class Health(BaseModel):
    status: str = Field(examples=["ready"])
    degraded: list[str] = Field(default_factory=list, description="what is down but not needed, e.g. redis")
