"""Every failure as RFC 9457 `application/problem+json`, rendered in one place."""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.params import Body, File
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import NotReady, ParameterInvalid, ServiceError

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
CODES = {400: "body_unreadable", 404: "not_found", 405: "method_not_allowed"}
OTHER_CODES = (
    (400, "body_unreadable", "Bad Request"),
    (400, "range_malformed", "The range is not acceptable"),
    (400, "request_malformed", "This is not HTTP"),
    (404, "not_found", "Not Found"),
    (405, "method_not_allowed", "Method Not Allowed"),
    (416, "range_not_satisfiable", "There are no such bytes"),
    (431, "head_too_large", "The headers have too many bytes"),
    (500, ServiceError.code, ServiceError.title),
)
"""Status, code and title of problems that no class of `service.errors` stands for."""


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    errors: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    request_id: str = "",
) -> Response:
    """One problem as a response."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if request_id:
        body["request_id"] = request_id
    if errors:
        body["errors"] = [{"field": field, "message": message} for field, message in errors]
    return Response(json.dumps(body), status, dict(headers or {}), CONTENT_TYPE)


def of_service_error(error: ServiceError, request_id: str = "") -> Response:
    """A domain error with its status and code."""
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "ApiKey"
    errors = error.errors if isinstance(error, ParameterInvalid) else ()
    return problem(
        error.status,
        error.code,
        error.title,
        error.detail,
        errors=errors,
        headers=headers,
        request_id=request_id,
    )


class AbortRequest(HTTPException):
    """A domain error, raised while a body is received: any other kind of exception there becomes FastAPI's own 400."""

    def __init__(self, error: ServiceError, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error.status, error.detail, headers)
        self.error = error


def install(app: FastAPI) -> None:
    """Makes the app answer all failures with problems."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


class UnhandledErrors:
    """The last resort: what was not foreseen, and what is cut off when the service stops, are answered with problems too.

    Not an exception handler: Starlette runs the one for `Exception` outside of all middlewares, and raises the error again.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except (Exception, asyncio.CancelledError) as error:
            if not started:
                await _last_resort(scope, error)(scope, receive, send)
            else:  # half an answer must not look like a whole one: the server cuts the connection
                raise


class RangeProblems:
    """A `Range` that cannot be met is answered with a problem; Starlette's file responses say so in plain text."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "range" not in Headers(scope=scope):
            await self.app(scope, receive, send)
            return
        refused = False

        async def rendered(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] in (400, 416):
                headers = Headers(raw=message["headers"])
                refused = headers.get("content-type", "").startswith("text/plain")
                if refused:
                    await _range_refusal(message["status"], headers, str(scope.get("request_id", "")))(
                        scope, receive, send
                    )
            if not refused:
                await send(message)

        await self.app(scope, receive, rendered)


def _range_refusal(status: int, headers: Headers, request_id: str) -> Response:
    if status == 416:
        size = headers["content-range"].rpartition("/")[2]
        detail, kept = (
            f"the range lies outside the file, which has {size} bytes",
            {"Content-Range": headers["content-range"]},
        )
        return problem(
            416,
            "range_not_satisfiable",
            "There are no such bytes",
            detail,
            headers=kept,
            request_id=request_id,
        )
    return problem(
        400,
        "range_malformed",
        "The range is not acceptable",
        "ranges such as bytes=0-499 are accepted",
        request_id=request_id,
    )


def _last_resort(scope: Scope, error: BaseException) -> Response:
    request_id = str(scope.get("request_id", ""))
    if isinstance(error, ServiceError):
        return of_service_error(error, request_id)
    if isinstance(error, asyncio.CancelledError):  # by the server alone, when the time to drain is over
        return of_service_error(
            NotReady("the service is stopping and could not finish this request; send it again"), request_id
        )
    logger.error("unexpected failure of %s %s", scope["method"], scope["path"], exc_info=error)
    return problem(
        500,
        ServiceError.code,
        ServiceError.title,
        "an unexpected failure; it has been logged",
        request_id=request_id,
    )


async def _service_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)
    return of_service_error(error, _id(request))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    files = _file_fields(request.scope.get("route"))
    errors = tuple(
        _invalid_field(entry["type"], entry["loc"], str(entry["msg"]), entry.get("ctx", {}), files)
        for entry in error.errors()
    )
    detail = "; ".join(f"{field}: {message}" for field, message in errors)
    return of_service_error(ParameterInvalid(detail, errors), _id(request))


def _invalid_field(
    kind: str, where: tuple[str | int, ...], message: str, context: Mapping[str, object], files: set[str]
) -> tuple[str, str]:
    """A field's name and what it ought to be, where FastAPI's own words do not say it."""
    if kind == "json_invalid":
        return (
            "body",
            f"not JSON ({context.get('error')} at character {where[-1]}); a JSON object is accepted",
        )
    if where == ("body",):
        return "body", "a JSON object is wanted, with Content-Type: application/json"
    name = ".".join(str(part) for part in where[1:])
    if where[0] == "body" and where[1] in files:
        return (
            name,
            f"a file is wanted, sent as multipart/form-data with a filename, as curl -F {where[1]}=@FILE does",
        )
    return name, message


def _file_fields(route: object) -> set[str]:
    return (
        {field.alias for field in route.dependant.body_params if isinstance(field.field_info, File)}
        if isinstance(route, APIRoute)
        else set()
    )


def _media_type(route: object) -> str | None:
    """What a route's body is sent as."""
    info = route.body_field.field_info if isinstance(route, APIRoute) and route.body_field else None
    return info.media_type if isinstance(info, Body) else None


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, AbortRequest):
        response = of_service_error(error.error, _id(request))
        response.headers.update(error.headers or {})
        return response
    title = HTTPStatus(error.status_code).phrase
    code, detail = CODES.get(error.status_code, f"http_{error.status_code}"), str(error.detail)
    if error.status_code == 400 and (media_type := _media_type(request.scope.get("route"))):
        detail = f"the body cannot be read as the {media_type} that is wanted: {detail}"
    return problem(error.status_code, code, title, detail, headers=error.headers, request_id=_id(request))


def _id(request: Request) -> str:
    return str(request.scope.get("request_id", ""))
