from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Health:
    """How the service is."""

    status: str
    """`live` or `ready`"""
    degraded: list[str]
    """what is down but not needed, e.g. redis"""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Health:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            status=data["status"],
            degraded=[each for each in data["degraded"]],
        )
