from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.photo import Photo


@dataclass(frozen=True, kw_only=True)
class PhotosAdded:
    """The photos of a request, as they are kept."""

    photos: list[Photo]
    """in the order sent; the same bytes twice are one photo"""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PhotosAdded:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            photos=[Photo.from_dict(each) for each in data["photos"]],
        )
