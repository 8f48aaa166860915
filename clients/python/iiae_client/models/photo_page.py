from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.photo import Photo


@dataclass(frozen=True, kw_only=True)
class PhotoPage:
    """One page of a gallery's photos."""

    photos: list[Photo]
    """Photos, sorted by id."""
    next_: int | None
    """Value of `after` for the next page; null on the last page."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PhotoPage:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            photos=[Photo.from_dict(each) for each in data["photos"]],
            next_=data["next"],
        )
