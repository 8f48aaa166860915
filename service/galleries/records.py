"""Photos as they are added, kept and found, and what their gallery is of: how the product speaks of them, wherever they lie."""

from dataclasses import dataclass, field
from math import prod
from typing import Self
from uuid import uuid4

from pydantic import JsonValue

from model.presets import Side
from service.embedding import Embedding
from service.registry.model import Model


@dataclass(frozen=True, kw_only=True)
class GallerySpec:
    """What a gallery is of, until it is embedded anew. `dim` is the length of a flattened zs, `identity` tells its embeddings from any others
    of its name."""

    model: str
    digest: str
    domain: str
    distance: str
    dim: int
    credit: str | None = None
    identity: str = field(default_factory=lambda: uuid4().hex)

    @classmethod
    def of(cls, model: Model, side: Side, *, credit: str | None = None) -> Self:
        """Return the spec of a gallery with photos of one domain, embedded by this model."""
        preset = model.inference.preset
        return cls(
            model=model.id,
            digest=model.digest,
            domain=model.domain(side),
            distance=preset.distance,
            dim=prod(preset.shared_shape),
            credit=credit,
        )


@dataclass(frozen=True, kw_only=True)
class NewPhoto:
    """A photo to add: `data` to keep its bytes, or `source` to refer to a file where it lies."""

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
    """A photo as it is kept."""

    id: int
    sha256: str
    label: str | None
    metadata: dict[str, JsonValue]
    content_type: str
    width: int
    height: int
    source: str | None


@dataclass(frozen=True)
class Hit:
    """A photo and how near it is: the cosine, or 1 / (1 + L2 distance); as it is answered, what `Manifest.score` makes of that."""

    photo: Photo
    score: float
