from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ReindexFault:
    """A photo that could not be embedded."""

    id: int
    """Id of the photo in its gallery."""
    reason: str
    """Why the photo could not be embedded."""
    thumbnail: bool
    """Whether its thumbnail was embedded instead. If not, searches cannot find the photo until a later reindex embeds it."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ReindexFault:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            id=data["id"],
            reason=data["reason"],
            thumbnail=data["thumbnail"],
        )
