from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class FieldProblem:
    """One field of a request that is not acceptable."""

    field: str
    """the field's name; `body` for the body as a whole"""
    message: str
    """what it ought to be"""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> FieldProblem:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            field=data["field"],
            message=data["message"],
        )
