from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class FieldProblem:
    """An invalid field of a request."""

    field: str
    """Name of the field; `body` for the whole body."""
    message: str
    """What is wrong with the field, and what is accepted."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> FieldProblem:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            field=data["field"],
            message=data["message"],
        )
