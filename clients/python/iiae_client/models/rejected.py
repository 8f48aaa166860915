from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A checkpoint that is not served."""

    id: str
    """the model's id"""
    version: str
    """the checkpoint's version"""
    reason: str
    """why it is not served"""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rejected:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            id=data["id"],
            version=data["version"],
            reason=data["reason"],
        )
