"""The data types of galleries: what a gallery contains, and photos as they are added, stored and found."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self, TypedDict
from uuid import uuid4

from pydantic import JsonValue

from model.presets import Side
from model.sketch.calibration import Grade
from service.embedding import Embedding
from service.registry.model import Model


@dataclass(frozen=True, kw_only=True)
class GallerySpec:
    """What a gallery contains. Re-embedding it changes the model, the digest, the distance, the dimension and
    the identity; it can also change `drawn`, and then `expand`.

    Attributes:
        model: id of the model that embedded it.
        digest: SHA-256 of that checkpoint's weights.
        domain: the photos' domain.
        distance: how embeddings are compared: `l2`, `cosine` or `inner_product`.
        dim: length of an embedding, which is a search code (`Inference.search_codes`).
        credit: a line that names the photos' authors.
        drawn: whether its pictures are drawn: icons, emoji, clip art. What they show weighs more in their
            search codes (`SketchInput.drawn_thing_weight`).
        expand: whether searches by sketch expand the query (`model.sketch.expansion`), unless they say
            otherwise. Expansion needs several photos of a thing.
        identity: a random id of these embeddings. A saved index of other embeddings has another one.
    """

    model: str
    digest: str
    domain: str
    distance: str
    dim: int
    credit: str | None = None
    drawn: bool = False
    expand: bool = True
    identity: str = field(default_factory=lambda: uuid4().hex)

    @classmethod
    def of(
        cls,
        model: Model,
        side: Side,
        *,
        credit: str | None = None,
        drawn: bool = False,
        expand: bool | None = None,
    ) -> Self:
        """Return the spec of a gallery with photos of one domain, embedded by this model.

        With `expand=None`, queries are expanded unless the pictures are drawn: sets of icons have few of a
        thing.
        """
        preset = model.inference.preset
        return cls(
            model=model.id,
            digest=model.digest,
            domain=model.domain(side),
            distance=preset.distance,
            dim=model.inference.search_size,
            credit=credit,
            drawn=drawn,
            expand=not drawn if expand is None else expand,
        )


ELSEWHERE = "elsewhere:"
"""Start of the source of a photo whose original is not on this machine. The path that it had follows.

Such a photo comes from a file that `service.galleries.parquet` imported. The path is never opened: whoever
wrote that file could name any file of this machine. Paths of files are absolute, so none starts like this."""


@dataclass(frozen=True, kw_only=True)
class NewPhoto:
    """A photo to add. The gallery stores its file, `data`, or refers to the file at the path `source`."""

    sha256: str
    embedding: Embedding
    content_type: str
    width: int
    height: int
    thumbnail: bytes
    data: bytes | None = None
    source: str | None = None
    label: str | None = None
    metadata: dict[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A stored photo.

    Attributes:
        source: the path of its file, or None if the gallery stores the file itself. It starts with
            `ELSEWHERE` if there is no file.
        thumbnail: checksum of its thumbnail. None if an earlier version stored it, or if it was lost before
            an export.
    """

    id: int
    sha256: str
    label: str | None
    metadata: dict[str, JsonValue]
    content_type: str
    width: int
    height: int
    source: str | None
    thumbnail: bytes | None = None

    @property
    def is_elsewhere(self) -> bool:
        """Whether its original is not on this machine. A sync that finds it, or an upload, changes that."""
        return self.source is not None and self.source.startswith(ELSEWHERE)

    @property
    def file(self) -> Path | None:
        """The path of its file. None if the gallery stores the file itself, or if it is elsewhere."""
        return None if self.source is None or self.is_elsewhere else Path(self.source)


class PhotoChanges(TypedDict, total=False):
    """New values of a stored photo. What is left out stays. The label None removes the label."""

    label: str | None
    metadata: dict[str, JsonValue]


class GalleryState(NamedTuple):
    """What a gallery has at one moment.

    Attributes:
        photos: number of photos.
        last_id: the largest id of a photo. 0 without photos.
        highest_id: the largest id that a photo ever had.
        revision: number of changes to its photos and embeddings.
    """

    photos: int
    last_id: int
    highest_id: int
    revision: int


@dataclass(frozen=True)
class Hit:
    """A photo and its score.

    `Gallery.search` scores by the cosine, the inner product, or 1 / (1 + L2 distance). `search_gallery` maps
    that with `Manifest.score`, and adds the grade of a probability.
    """

    photo: Photo
    score: float
    grade: Grade | None = None


class Changes(NamedTuple):
    """What has changed in a gallery since a revision.

    Attributes:
        revision: the present revision.
        added: ids and embeddings of added photos.
        removed: ids of removed photos.
    """

    revision: int
    added: list[tuple[int, Embedding]]
    removed: list[int]
