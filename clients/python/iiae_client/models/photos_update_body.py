from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class PhotosUpdateBody:
    """What to change of a photo. Fields that are left out stay as they are."""

    label: None | str | None = None
    """The new label, one line of text. Null or an empty text removes the label."""
    metadata: Mapping[str, Any] | None = None
    """The new metadata. It replaces the old as a whole."""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON fields that are not None."""
        return {field: value for field, value in asdict(self).items() if value is not None}
