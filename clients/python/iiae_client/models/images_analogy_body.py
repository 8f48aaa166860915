from __future__ import annotations

from dataclasses import dataclass

from ..types import Part, Upload, file_part, text_part


@dataclass(frozen=True, kw_only=True)
class ImagesAnalogyBody:
    """The body of a request."""

    image: Upload
    """Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts."""
    reference: Upload
    """Image of the same domain whose style to use."""
    model: str | None = None
    """Id of the model; the first model with this capability if omitted."""
    source: str | None = None
    """Domain of the image; the model's first domain if omitted."""
    reference_source: str | None = None
    """Domain of the reference; must be the image's domain, which is the default."""

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
