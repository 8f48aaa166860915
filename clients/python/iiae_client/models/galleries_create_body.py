from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class GalleriesCreateBody:
    """A gallery to create."""

    name: str
    """Name of the gallery: at most 64 lower-case letters, digits, '.', '_' and '-'."""
    model: str
    """Id of the model that will embed the photos."""
    domain: None | str | None = None
    """Domain of the photos; the model's first domain if omitted."""
    drawn: bool | None = None
    """Whether the pictures are drawn: icons, emoji or clip art. Their searches rely more on what the model recognises, and less on likeness."""
    expand: bool | None | None = None
    """Whether searches by sketch expand the query with the first hits, unless they say otherwise. It helps if there are several photos of a thing, and harms a little if there is one of each. If omitted, they expand it unless the pictures are drawn."""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON fields that are not None."""
        return {field: value for field, value in asdict(self).items() if value is not None}
