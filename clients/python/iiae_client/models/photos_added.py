from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.photo import Photo
from ..models.uploaded_file import UploadedFile


@dataclass(frozen=True, kw_only=True)
class PhotosAdded:
    """The photos of a request, as stored."""

    photos: list[Photo]
    """The photos, in the order of the request, without refused files. Equal files are one photo."""
    files: list[UploadedFile]
    """What became of each file, in the order of the request."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PhotosAdded:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            photos=[Photo.from_dict(each) for each in data["photos"]],
            files=[UploadedFile.from_dict(each) for each in data["files"]],
        )
