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
    """What limits the service: `redis` if it is down, `disk` if its free space is short or it does not answer. Other requests are still answered."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Health:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            status=data["status"],
            degraded=[each for each in data["degraded"]],
        )
