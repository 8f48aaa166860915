from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ReindexStartBody:
    """Options of a reindex."""

    model: None | str | None = None
    """Id of the model that embeds the photos; the gallery's own model if omitted."""
    anew: bool | None = None
    """Whether to embed every photo again, even if an interrupted reindex or the same checkpoint has already embedded it."""
    drawn: bool | None | None = None
    """Whether the pictures are drawn: icons, emoji or clip art. Their searches rely more on what the model recognises, and less on likeness. If it changes, so does `expand`. If omitted, both stay as they are."""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON fields that are not None."""
        return {field: value for field, value in asdict(self).items() if value is not None}
