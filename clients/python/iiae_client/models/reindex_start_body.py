from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ReindexStartBody:
    """How to embed a gallery anew."""

    model: None | str | None = None
    """the model to embed by; default the gallery's own, in the version that is served"""
    anew: bool | None = None
    """embed every photo, also those that an interrupted reindex or the same checkpoint has embedded"""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON fields that are not None."""
        return {field: value for field, value in asdict(self).items() if value is not None}
