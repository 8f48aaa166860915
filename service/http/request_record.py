"""What metrics and the access log say about a request. Other parts fill the record in."""

from dataclasses import dataclass

from starlette.types import Scope

MAX_PATH = 200
"""Characters of a path in logs and traces."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass
class RequestRecord:
    """Facts about a request that become known while it is handled.

    Attributes:
        key: name of its API key, None without a known key.
        problem: code of the problem that was its answer, None if there was none.
    """

    key: str | None = None
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class AccessEntry:
    """One entry of the access log.

    Args:
        method: the request's method.
        path: its path, percent-encoded and without the query.
        route: template of the path; "other" if no route matched.
        status: status of the response; 499 if the client disconnected before it.
        bytes: length of the response's body.
        seconds: time until the end of the response.
        key: name of the API key, never its value.
        client: address of the client, or the one that a trusted proxy reports.
        problem: code of the problem that was the answer.
    """

    method: str
    path: str
    route: str
    status: int
    bytes: int
    seconds: float
    key: str | None
    client: str | None
    problem: str | None


def record_of(scope: Scope) -> RequestRecord:
    """Return the record of a request; the first call creates it."""
    record: RequestRecord = scope.setdefault("state", {}).setdefault("record", RequestRecord())
    return record


def route_of(scope: Scope) -> str:
    """Return the template of a request's path, never the path: labels need a fixed set of values."""
    return getattr(scope.get("route"), "path", "other")


def path_of(scope: Scope) -> str:
    """Return the path for logs and traces: percent-encoded, so it cannot forge log lines, and cut off."""
    raw_path: bytes = scope["raw_path"]
    return raw_path[:MAX_PATH].decode("ascii", "backslashreplace")
