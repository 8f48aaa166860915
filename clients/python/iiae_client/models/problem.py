from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.field_problem import FieldProblem


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What went wrong, after RFC 9457. `code` is stable and for programs, `detail` for people."""

    title: str
    """the kind of problem, the same for each `code`"""
    status: int
    """the HTTP status, once more"""
    detail: str
    """what was wrong this time, and what is accepted"""
    code: str
    """tells problems apart and never changes; more may come"""
    type_: str | None = None
    """always `about:blank`: `code` tells problems apart"""
    request_id: str | None = None
    """the answer's `X-Request-ID`, by which the server's operator finds the request"""
    errors: list[FieldProblem] | None = None
    """with `parameter_invalid`: each of the fields that are not acceptable"""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Problem:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            title=data["title"],
            status=data["status"],
            detail=data["detail"],
            code=data["code"],
            type_=None if data.get("type") is None else data["type"],
            request_id=None if data.get("request_id") is None else data["request_id"],
            errors=None if data.get("errors") is None else [FieldProblem.from_dict(each) for each in data["errors"]],
        )
