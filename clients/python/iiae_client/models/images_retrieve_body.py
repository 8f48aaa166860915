from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..types import Part, Upload, file_part, text_part, text_parts


@dataclass(frozen=True, kw_only=True)
class ImagesRetrieveBody:
    """The body of a request."""

    image: Upload
    """Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts."""
    gallery: str | None = None
    """Name of the gallery; the default gallery if omitted."""
    source: str | None = None
    """Domain of the image; if omitted, the domain other than the gallery's."""
    k: int | None = None
    """Number of hits to return."""
    offset: int | None = None
    """Number of the first hits to leave out: for the next page, add `k`."""
    min_score: float | None = None
    """Smallest `score` of a hit, from 0 to 1; for cosines and inner products, from -1 to 1. Photos with a lower score are left out of the `k` nearest, so there may be no hits at all. If omitted, none are left out."""
    label: str | Sequence[str] | None = None
    """Only photos with this label; an empty text is for photos without a label. Send it several times for photos with one of several labels."""
    folder: str | None = None
    """Only photos from this folder or the folders in it, such as `2024/summer`: their `file` in the metadata starts with it. `iiae index` notes the path of each file there."""
    metadata: Mapping[str, Any] | None = None
    """Only photos whose metadata meets all conditions of this JSON object. Its keys are keys of the metadata. A value is what the photo must have (`{"colour": "red"}`), a list of what it may have (`{"colour": ["red", "blue"]}`), or limits of a number: `lt`, `lte`, `gt` and `gte` (`{"year": {"gte": 2020}}`). If the photo has a list, one of its items must meet the condition."""

    def to_multipart(self) -> list[Part]:
        """Return the form fields that are not None."""
        parts: list[Part] = []
        parts.append(file_part("image", self.image))
        if self.gallery is not None:
            parts.append(text_part("gallery", self.gallery))
        if self.source is not None:
            parts.append(text_part("source", self.source))
        if self.k is not None:
            parts.append(text_part("k", self.k))
        if self.offset is not None:
            parts.append(text_part("offset", self.offset))
        if self.min_score is not None:
            parts.append(text_part("min_score", self.min_score))
        if self.label is not None:
            parts.extend(text_parts("label", self.label))
        if self.folder is not None:
            parts.append(text_part("folder", self.folder))
        if self.metadata is not None:
            parts.append(text_part("metadata", json.dumps(self.metadata)))
        return parts
