from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.hit import Hit


@dataclass(frozen=True, kw_only=True)
class SearchResult:
    """The hits of a search, best first."""

    gallery: str
    """Name of the gallery that was searched."""
    model: str
    """Id of the model that embedded the query."""
    scores: str
    """Kind of score: `probability` (that the photo has the query's class, given the size of the gallery), `cosine` (cosine similarity), `inner_product` (like a cosine, but it also says how probably both pictures show the same thing) or `nearness` (1 / (1 + L2 distance))."""
    hits: list[Hit]
    """Matching photos, best first. Empty if the gallery is empty, or all scores are below `min_score`."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SearchResult:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            gallery=data["gallery"],
            model=data["model"],
            scores=data["scores"],
            hits=[Hit.from_dict(each) for each in data["hits"]],
        )
