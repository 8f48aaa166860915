from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ReindexFault:
    """A photo whose picture could not be embedded."""

    id: int
    """the photo's id in its gallery"""
    reason: str
    """why its picture was not embedded"""
    thumbnail: bool
    """its thumbnail was embedded instead; else the photo is kept, and found by no search until a reindex can read it"""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ReindexFault:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            id=data["id"],
            reason=data["reason"],
            thumbnail=data["thumbnail"],
        )
