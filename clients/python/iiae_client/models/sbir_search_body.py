from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..types import Part, Upload, file_part, file_parts, text_part


@dataclass(frozen=True, kw_only=True)
class SbirSearchBody:
    """The body of a request."""

    sketch: Upload | Sequence[Upload]
    """a drawing, or up to 8 of the same thing"""
    photo: Upload | None = None
    """a picture beside the drawings: like this, but drawn so"""
    gallery: str | None = None
    """a gallery's name; default the first that can be searched so"""
    k: int | None = None
    """how many hits at most"""
    expand: bool | None = None
    """whether the first hits make the query wider, so that photos like them rise"""

    def to_multipart(self) -> list[Part]:
        """Return the form fields that are not None."""
        parts: list[Part] = []
        parts.extend(file_parts("sketch", self.sketch))
        if self.photo is not None:
            parts.append(file_part("photo", self.photo))
        if self.gallery is not None:
            parts.append(text_part("gallery", self.gallery))
        if self.k is not None:
            parts.append(text_part("k", self.k))
        if self.expand is not None:
            parts.append(text_part("expand", self.expand))
        return parts
