from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..types import Part, Upload, file_part, file_parts, text_part


@dataclass(frozen=True, kw_only=True)
class SbirSearchBody:
    """The body of a request."""

    sketch: Upload | Sequence[Upload]
    """Image file of a sketch, or up to 8 of the same object."""
    photo: Upload | None = None
    """Photo to combine with the sketches: photo and sketches have the same weight."""
    gallery: str | None = None
    """Name of the gallery; the default gallery if omitted."""
    k: int | None = None
    """Number of hits to return."""
    expand: bool | None = None
    """Query expansion: whether photos similar to the first hits rank higher. If omitted, the gallery decides."""
    min_score: float | None = None
    """Smallest `score` of a hit, from 0 to 1; for cosines and inner products, from -1 to 1. Photos with a lower score are left out of the `k` nearest, so there may be no hits at all. If omitted, none are left out."""

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
        if self.min_score is not None:
            parts.append(text_part("min_score", self.min_score))
        return parts
