from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ImagesSearchBody:
    """A search by an embedding that the client has kept."""

    vector: Sequence[float]
    """The `values` of `POST /embed` with `kind=search`; `kind=search_drawn` for galleries of drawn pictures."""
    gallery: None | str | None = None
    """Name of the gallery; the default gallery if omitted."""
    digest: None | str | None = None
    """Digest of the checkpoint that computed the vector, or its first 12 digits. If another checkpoint embedded the gallery, the answer is 409 instead of hits that mean nothing."""
    source: None | str | None = None
    """Domain of the picture that the vector describes; if omitted, the domain other than the gallery's. Scores depend on it."""
    expand: bool | None = None
    """Whether photos similar to the first hits rank higher, if the vector describes a sketch."""
    k: int | None = None
    """Number of hits to return."""
    offset: int | None = None
    """Number of the first hits to leave out: for the next page, add `k`."""
    min_score: float | None | None = None
    """Smallest `score` of a hit, from 0 to 1; for cosines and inner products, from -1 to 1. Photos with a lower score are left out of the `k` nearest, so there may be no hits at all. If omitted, none are left out."""
    label: Sequence[str] | None = None
    """Only photos with one of these labels; an empty text is for photos without a label. If there are none, photos with any label."""
    folder: None | str | None = None
    """Only photos from this folder or the folders in it, such as `2024/summer`: their `file` in the metadata starts with it. `iiae index` notes the path of each file there."""
    metadata: Mapping[str, Any] | None = None
    """Only photos whose metadata meets all conditions of this JSON object. Its keys are keys of the metadata. A value is what the photo must have (`{"colour": "red"}`), a list of what it may have (`{"colour": ["red", "blue"]}`), or limits of a number: `lt`, `lte`, `gt` and `gte` (`{"year": {"gte": 2020}}`). If the photo has a list, one of its items must meet the condition."""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON fields that are not None."""
        return {field: value for field, value in asdict(self).items() if value is not None}
