from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..types import Part, Upload, file_parts, text_part


@dataclass(frozen=True, kw_only=True)
class PhotosAddBody:
    """The body of a request."""

    image: Upload | Sequence[Upload]
    """One or more image files."""
    label: str | None = None
    """One line of text, stored with each of the photos."""
    metadata: Mapping[str, Any] | None = None
    """JSON object, stored with each of the photos."""
    partial: bool | None = None
    """Whether to add the other photos if some files cannot be read. Otherwise, all photos are added, or none."""

    def to_multipart(self) -> list[Part]:
        """Return the form fields that are not None."""
        parts: list[Part] = []
        parts.extend(file_parts("image", self.image))
        if self.label is not None:
            parts.append(text_part("label", self.label))
        if self.metadata is not None:
            parts.append(text_part("metadata", json.dumps(self.metadata)))
        if self.partial is not None:
            parts.append(text_part("partial", self.partial))
        return parts
