from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.field_problem import FieldProblem


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Description of an error (RFC 9457). Programs use `code`, which never changes; people read `detail`."""

    title: str
    """Short description of the kind of problem, the same for each `code`."""
    status: int
    """HTTP status of the response."""
    detail: str
    """What went wrong in this request, and what to do."""
    code: str
    """Code of the problem. Codes never change; new ones may be added."""
    type_: str | None = None
    """Always `about:blank`; use `code` to distinguish problems."""
    request_id: str | None = None
    """Id of the request, also sent as `X-Request-ID`. Quote it when you report a problem."""
    errors: list[FieldProblem] | None = None
    """The invalid fields, if `code` is `parameter_invalid`."""

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
