from __future__ import annotations

from dataclasses import dataclass

from ..types import Part, Upload, file_part


@dataclass(frozen=True, kw_only=True)
class ImagesPreviewBody:
    """The body of a request."""

    image: Upload
    """Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts."""

    def to_multipart(self) -> list[Part]:
        """Return the form fields that are not None."""
        parts: list[Part] = []
        parts.append(file_part("image", self.image))
        return parts
