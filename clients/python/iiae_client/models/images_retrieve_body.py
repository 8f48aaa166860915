from __future__ import annotations

from dataclasses import dataclass

from ..types import Part, Upload, file_part, text_part


@dataclass(frozen=True, kw_only=True)
class ImagesRetrieveBody:
    """The body of a request."""

    image: Upload
    """Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts."""
    gallery: str | None = None
    """Name of the gallery; the default gallery if omitted."""
    k: int | None = None
    """Number of hits to return."""
    source: str | None = None
    """Domain of the image; if omitted, the domain other than the gallery's."""
    min_score: float | None = None
    """Smallest `score` of a hit, from 0 to 1; for cosines and inner products, from -1 to 1. Photos with a lower score are left out of the `k` nearest, so there may be no hits at all. If omitted, none are left out."""

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
        if self.min_score is not None:
            parts.append(text_part("min_score", self.min_score))
        return parts
