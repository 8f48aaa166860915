from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class PhotosRemoved:
    """The result of removing several photos."""

    removed: int
    """Number of photos that were removed."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PhotosRemoved:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            removed=data["removed"],
        )
