from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.embedding_kind import EmbeddingKind


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """The embedding of an image."""

    model: str
    """Id of the model that embedded the image."""
    digest: str
    """SHA-256 of the model's weights. Embeddings of another one differ."""
    kind: EmbeddingKind
    """Embedding of the content that both domains share (`shared`), of what only this domain shows (`exclusive`), or what galleries store and searches compare (`search`; `search_drawn` in galleries of drawn pictures)."""
    shape: list[int]
    """Shape of the embedding."""
    values: list[float]
    """Values of the embedding in row-major order."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Embedding:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            model=data["model"],
            digest=data["digest"],
            kind=data["kind"],
            shape=[each for each in data["shape"]],
            values=[each for each in data["values"]],
        )
