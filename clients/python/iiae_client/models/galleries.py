from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.damaged import Damaged
from ..models.gallery import Gallery


@dataclass(frozen=True, kw_only=True)
class Galleries:
    """All galleries."""

    galleries: list[Gallery]
    """the default one, where there is one, then by name"""
    damaged: list[Damaged]
    """galleries that cannot be read, and why; they can be deleted"""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Galleries:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            galleries=[Gallery.from_dict(each) for each in data["galleries"]],
            damaged=[Damaged.from_dict(each) for each in data["damaged"]],
        )
