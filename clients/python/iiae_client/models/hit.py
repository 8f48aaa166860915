from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.grade import Grade
from ..models.hit_metadata import HitMetadata


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A photo that matches a query."""

    id: int
    """Id of the photo in its gallery."""
    score: float
    """Similarity to the query; higher is better. See `scores`."""
    grade: Grade | None
    """Whether the score is that of a `strong`, a `possible` or a `weak` match. Each model has its own limits. Null if `scores` is not `probability`."""
    label: None | str
    """Label of the photo; null if it has none."""
    url: str
    """Path of the image file; add `&size=thumbnail` for a thumbnail."""
    metadata: HitMetadata
    """Metadata of the photo."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Hit:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            id=data["id"],
            score=data["score"],
            grade=data["grade"],
            label=data["label"],
            url=data["url"],
            metadata=dict(data["metadata"]),
        )
