from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.uploaded_file_status import UploadedFileStatus


@dataclass(frozen=True, kw_only=True)
class UploadedFile:
    """What became of one file of a request."""

    name: None | str
    """Name of the file, as it was sent; null without a name."""
    status: UploadedFileStatus
    """`added`: it is a new photo. `known`: the gallery has this picture already. `refused`: it is not a picture that can be added."""
    id: int | None
    """Id of the photo; null if the file was refused."""
    reason: None | str
    """Why the file was refused. For a known picture: what it keeps, although the request sent another label or other metadata. Null if there is nothing to say."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> UploadedFile:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            name=data["name"],
            status=data["status"],
            id=data["id"],
            reason=data["reason"],
        )
