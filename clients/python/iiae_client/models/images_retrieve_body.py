from __future__ import annotations

from dataclasses import dataclass

from ..types import Part, Upload, file_part, text_part


@dataclass(frozen=True, kw_only=True)
class ImagesRetrieveBody:
    """The body of a request."""

    image: Upload
    """a picture of the domain that the gallery is not of, or of `source`"""
    gallery: str | None = None
    """a gallery's name; default the first that can be searched so"""
    k: int | None = None
    """how many hits at most"""
    source: str | None = None
    """the image's domain"""

    def to_multipart(self) -> list[Part]:
        """Return the form fields that are not None."""
        parts: list[Part] = []
        parts.append(file_part("image", self.image))
        if self.gallery is not None:
            parts.append(text_part("gallery", self.gallery))
        if self.k is not None:
            parts.append(text_part("k", self.k))
        if self.source is not None:
            parts.append(text_part("source", self.source))
        return parts
