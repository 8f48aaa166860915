from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.photo_metadata import PhotoMetadata


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A photo of a gallery."""

    id: int
    """in its gallery; larger ones were added later"""
    sha256: str
    """of its bytes, in hexadecimal"""
    label: None | str
    """what it was labelled as, if it was"""
    width: int
    """in pixels, as the file has it: EXIF may turn it"""
    height: int
    """in pixels, as the file has it: EXIF may turn it"""
    url: str
    """path of its bytes on this server; with ?size=thumbnail, small"""
    metadata: PhotoMetadata
    """what was added with it"""

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
