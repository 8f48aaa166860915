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
    """The default gallery, if one is set, then the other galleries by name."""
    damaged: list[Damaged]
    """Galleries that cannot be read. They can be deleted."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Galleries:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            galleries=[Gallery.from_dict(each) for each in data["galleries"]],
            damaged=[Damaged.from_dict(each) for each in data["damaged"]],
        )
