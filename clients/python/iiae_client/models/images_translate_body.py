from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..models.images_translate_body_style import ImagesTranslateBodyStyle
from ..types import Part, Upload, file_part, file_parts, text_part


@dataclass(frozen=True, kw_only=True)
class ImagesTranslateBody:
    """The body of a request."""

    image: Upload
    """Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts."""
    model: str | None = None
    """Id of the model; the first model with this capability if omitted."""
    source: str | None = None
    """Domain of the image; the model's first domain if omitted."""
    samples: int | None = None
    """Number of images to generate, each with its own style."""
    seed: int | None = None
    """Seed of the first sample; sample i uses seed + i. A random seed if omitted."""
    reference: Upload | Sequence[Upload] | None = None
    """Image of the target domain whose style to use. Two images give a style between both."""
    mix: float | None = None
    """Position between two references: 0 is the first, 1 is the second."""
    style: ImagesTranslateBodyStyle | None = None
    """Random style (`sampled`) or average style (`mean`)."""

    def to_multipart(self) -> list[Part]:
        """Return the form fields that are not None."""
        parts: list[Part] = []
        parts.append(file_part("image", self.image))
        if self.model is not None:
            parts.append(text_part("model", self.model))
        if self.source is not None:
            parts.append(text_part("source", self.source))
        if self.samples is not None:
            parts.append(text_part("samples", self.samples))
        if self.seed is not None:
            parts.append(text_part("seed", self.seed))
        if self.reference is not None:
            parts.extend(file_parts("reference", self.reference))
        if self.mix is not None:
            parts.append(text_part("mix", self.mix))
        if self.style is not None:
            parts.append(text_part("style", self.style))
        return parts
