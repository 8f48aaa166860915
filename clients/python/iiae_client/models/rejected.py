from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A checkpoint that cannot be served."""

    id: str
    """Id of the model."""
    version: str
    """Version of the checkpoint."""
    reason: str
    """Why the checkpoint cannot be served."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rejected:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            id=data["id"],
            version=data["version"],
            reason=data["reason"],
        )
