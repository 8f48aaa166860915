from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.embedding_kind import EmbeddingKind


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """A picture's code."""

    model: str
    """id of the model that made it"""
    kind: EmbeddingKind
    """what the code holds: what both domains show, or what this one alone does"""
    shape: list[int]
    """the code's axes"""
    values: list[float]
    """row-major, of `shape`"""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Embedding:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            model=data["model"],
            kind=data["kind"],
            shape=[each for each in data["shape"]],
            values=[each for each in data["values"]],
        )
