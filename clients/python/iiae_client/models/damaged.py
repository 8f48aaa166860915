from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Damaged:
    """A gallery whose files are damaged."""

    name: str
    """Name of the gallery."""
    reason: str
    """Why the gallery cannot be read."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Damaged:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            name=data["name"],
            reason=data["reason"],
        )
