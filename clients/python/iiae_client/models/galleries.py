from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.damaged import Damaged
from ..models.gallery import Gallery
from ..models.unavailable import Unavailable


@dataclass(frozen=True, kw_only=True)
class Galleries:
    """All galleries."""

    galleries: list[Gallery]
    """Galleries that are a default first, then the others, by name."""
    damaged: list[Damaged]
    """Galleries whose files are damaged. Restore them from a backup."""
    unavailable: list[Unavailable]
    """Galleries that do not answer now. Try again later."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Galleries:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            galleries=[Gallery.from_dict(each) for each in data["galleries"]],
            damaged=[Damaged.from_dict(each) for each in data["damaged"]],
            unavailable=[Unavailable.from_dict(each) for each in data["unavailable"]],
        )
