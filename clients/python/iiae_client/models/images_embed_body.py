from __future__ import annotations

from dataclasses import dataclass

from ..models.images_embed_body_kind import ImagesEmbedBodyKind
from ..types import Part, Upload, file_part, text_part


@dataclass(frozen=True, kw_only=True)
class ImagesEmbedBody:
    """The body of a request."""

    image: Upload
    """Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts."""
    model: str | None = None
    """Id of the model; the first model with this capability if omitted."""
    source: str | None = None
    """Domain of the image; the model's first domain if omitted."""
    kind: ImagesEmbedBodyKind | None = None
    """Embedding of the content that both domains share (`shared`), of what only this domain shows (`exclusive`), or what galleries store and searches compare (`search`; `search_drawn` in galleries of drawn pictures)."""

    def to_multipart(self) -> list[Part]:
        """Return the form fields that are not None."""
        parts: list[Part] = []
        parts.append(file_part("image", self.image))
        if self.model is not None:
            parts.append(text_part("model", self.model))
        if self.source is not None:
            parts.append(text_part("source", self.source))
        if self.kind is not None:
            parts.append(text_part("kind", self.kind))
        return parts
