from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.photo import Photo


@dataclass(frozen=True, kw_only=True)
class PhotosAdded:
    """The photos of a request, as stored."""

    photos: list[Photo]
    """The photos, in the order of the request. Equal files are one photo."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PhotosAdded:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            photos=[Photo.from_dict(each) for each in data["photos"]],
        )
