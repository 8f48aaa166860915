from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.photo_metadata import PhotoMetadata


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A photo of a gallery."""

    id: int
    """Id of the photo in its gallery. Later photos have larger ids."""
    sha256: str
    """SHA-256 of the image file, in hexadecimal."""
    label: None | str
    """Label of the photo; null if it has none."""
    width: int
    """Width in pixels of the upright picture."""
    height: int
    """Height in pixels of the upright picture."""
    url: str
    """Path of the image file; add `&size=thumbnail` for a thumbnail."""
    metadata: PhotoMetadata
    """Metadata of the photo."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Photo:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            id=data["id"],
            sha256=data["sha256"],
            label=data["label"],
            width=data["width"],
            height=data["height"],
            url=data["url"],
            metadata=dict(data["metadata"]),
        )
