from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.hit import Hit


@dataclass(frozen=True, kw_only=True)
class SearchResult:
    """Photos of one gallery, best first."""

    gallery: str
    """name of the gallery that was searched"""
    model: str
    """id of the model by which it was searched"""
    scores: str
    """what scores are: `probability` that the photo is of the query's class, in galleries of as many photos; `cosine`; or `nearness`, 1 / (1 + L2 distance)"""
    hits: list[Hit]
    """best first"""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SearchResult:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            gallery=data["gallery"],
            model=data["model"],
            scores=data["scores"],
            hits=[Hit.from_dict(each) for each in data["hits"]],
        )
