"""RFC 9457 problem responses (`application/problem+json`), the form of every failure."""

import json
from collections.abc import Mapping, Sequence

from asgi_correlation_id import correlation_id
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.errors import ParameterInvalid, ServiceError
from service.http.request_record import record_of

CONTENT_TYPE = "application/problem+json"
MAX_DETAIL, MAX_FIELD = 2000, 500
"""Characters of a problem's detail, and of the name and fault of an invalid field."""
MAX_ERRORS = 100
"""Invalid fields in one problem."""
OTHER_CODES = (
    (400, "body_unreadable", "Bad Request"),
    (400, "range_malformed", "Range header is malformed"),
    (400, "request_malformed", "Request is not valid HTTP"),
    (404, "not_found", "Not Found"),
    (405, "method_not_allowed", "Method Not Allowed"),
    (416, "range_not_satisfiable", "Range is outside of the file"),
    (431, "head_too_large", "Request headers are too large"),
    (503, "too_many_connections", "Service has too many connections"),
    (500, ServiceError.code, ServiceError.title),
)
"""Status, code and title of the problems that have no class in `service.errors`."""


class ProblemResponse(Response):
    """A problem response. When it is sent, it notes its code in the request's record."""

    def __init__(self, code: str, content: str, status: int, headers: Mapping[str, str] | None) -> None:
        super().__init__(content, status, dict(headers or {}), CONTENT_TYPE)
        self.code = code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        record_of(scope).problem = self.code
        await super().__call__(scope, receive, send)


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    errors: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem response.

    Details may quote what the client sent, so long ones are cut off.

    Args:
        errors: the name and fault of each invalid field.
    """
    body: dict[str, object] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": _cut(detail, MAX_DETAIL),
        "code": code,
    }
    if request_id := correlation_id.get():
        body["request_id"] = request_id
    if errors:
        body["errors"] = [
            {"field": _cut(field, MAX_FIELD), "message": _cut(message, MAX_FIELD)}
            for field, message in errors[:MAX_ERRORS]
        ]
    return ProblemResponse(code, json.dumps(body), status, headers)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[:length] + "…"


def service_error_response(error: ServiceError, headers: Mapping[str, str] | None = None) -> Response:
    """Return the problem response to a service error."""
    headers = dict(headers or {})
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        headers["WWW-Authenticate"] = "ApiKey"
    errors = error.errors if isinstance(error, ParameterInvalid) else ()
    return problem(error.status, error.code, error.title, error.detail, errors=errors, headers=headers)


class AbortRequest(HTTPException):
    """A service error raised while the body is received.

    FastAPI turns every other exception there into a 400 of its own, but not an `HTTPException`.
    """

    def __init__(self, error: ServiceError, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error.status, error.detail, headers)
        self.error = error
