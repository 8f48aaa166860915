from __future__ import annotations

from dataclasses import dataclass

from ..types import Part, Upload, file_part, text_part


@dataclass(frozen=True, kw_only=True)
class ImagesAnalogyBody:
    """The body of a request."""

    image: Upload
    """PNG, JPEG, WebP, GIF (first frame) or BMP"""
    reference: Upload
    """how to show it; of the same domain"""
    model: str | None = None
    """a model's id; default the first that can do this"""
    source: str | None = None
    """the image's domain; default the model's first"""
    reference_source: str | None = None
    """the reference's domain, if said apart; it must be the image's"""

    def to_multipart(self) -> list[Part]:
        """Return the form fields that are not None."""
        parts: list[Part] = []
        parts.append(file_part("image", self.image))
        parts.append(file_part("reference", self.reference))
        if self.model is not None:
            parts.append(text_part("model", self.model))
        if self.source is not None:
            parts.append(text_part("source", self.source))
        if self.reference_source is not None:
            parts.append(text_part("reference_source", self.reference_source))
        return parts
