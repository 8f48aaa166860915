from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Health:
    """Health of the service."""

    status: str
    """`live` or `ready`."""
    degraded: list[str]
    """What limits the service. `redis`: Redis is down. `disk`: nothing can be added, because free space is short, or the disk is read-only or does not answer. Other requests are answered."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Health:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            status=data["status"],
            degraded=[each for each in data["degraded"]],
        )
