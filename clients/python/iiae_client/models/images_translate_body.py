from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..models.images_translate_body_style import ImagesTranslateBodyStyle
from ..types import Part, Upload, file_part, file_parts, text_part


@dataclass(frozen=True, kw_only=True)
class ImagesTranslateBody:
    """The body of a request."""

    image: Upload
    """PNG, JPEG, WebP, GIF (first frame) or BMP"""
    model: str | None = None
    """a model's id; default the first that can do this"""
    source: str | None = None
    """the image's domain; default the model's first"""
    samples: int | None = None
    """how many pictures to make, each in another style"""
    seed: int | None = None
    """sample i is drawn with seed + i"""
    reference: Upload | Sequence[Upload] | None = None
    """take this picture's style; of the target's domain. Two: a style between theirs"""
    mix: float | None = None
    """where between two references: 0 is the first, 1 the second"""
    style: ImagesTranslateBodyStyle | None = None
    """mean: the plainest style, nothing drawn"""

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
