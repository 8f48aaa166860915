from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Unavailable:
    """A gallery that does not answer now: it is locked, or its disk stalls or fails."""

    name: str
    """Name of the gallery."""
    reason: str
    """Why the gallery does not answer."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Unavailable:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            name=data["name"],
            reason=data["reason"],
        )
