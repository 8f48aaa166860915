from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.hit_metadata import HitMetadata


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A photo that was found."""

    id: int
    """the photo's id in its gallery"""
    score: float
    """higher is nearer; `scores` says what it is"""
    label: None | str
    """what the photo was labelled as, if it was"""
    url: str
    """path of the photo's bytes on this server; with ?size=thumbnail, small"""
    metadata: HitMetadata
    """what was added with the photo"""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Hit:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            id=data["id"],
            score=data["score"],
            label=data["label"],
            url=data["url"],
            metadata=dict(data["metadata"]),
        )
