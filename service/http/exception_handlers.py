"""Exception handlers: every exception of a route becomes a problem response."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.params import Body, File
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from service.errors import ParameterInvalid, ServiceError
from service.http.api_version import API_VERSION, PREFIX, other_version
from service.http.known_names import accepted_names
from service.http.problems import AbortRequest, problem, service_error_response
from service.tracebacks import drop_tracebacks

logger = logging.getLogger(__name__)

CODES = {400: "body_unreadable", 404: "not_found", 405: "method_not_allowed"}


def install(app: FastAPI) -> None:
    """Add the handlers to an app."""
    app.add_exception_handler(ServiceError, _handle_service_error)
    app.add_exception_handler(RequestValidationError, _handle_validation_error)
    app.add_exception_handler(HTTPException, _handle_http_exception)


async def _handle_service_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)
    if error.status >= 500 and error.__cause__ is not None:  # the cause names files; clients must not see it
        logger.error("%s: %s: %s", error.code, error.detail, error.__cause__)
    drop_tracebacks(error)  # their frames hold the request's files
    return service_error_response(error)


async def _handle_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    route = request.scope.get("route")
    file_fields, keys = _file_fields(route), _json_keys(route)
    errors = tuple(
        (".".join(map(str, entry["loc"][1:])), f"unknown; {accepted_names(keys)}")
        if entry["type"] == "extra_forbidden"
        else _invalid_field(entry["type"], entry["loc"], str(entry["msg"]), entry.get("ctx", {}), file_fields)
        for entry in error.errors()
    )
    detail = "; ".join(f"{field}: {message}" for field, message in errors)
    return service_error_response(ParameterInvalid(detail, errors))


async def _handle_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, AbortRequest):
        return service_error_response(error.error, error.headers)
    headers = error.headers
    if error.status_code == 405:
        headers = {**(headers or {}), "Allow": ", ".join(sorted(_allowed_methods(request)))}
    title = HTTPStatus(error.status_code).phrase
    if error.status_code == 404 and (other := other_version(request.scope["path"])):
        detail = f"this service has version {API_VERSION} of the API, not {other}; call {PREFIX}/..."
        return problem(404, CODES[404], title, detail)
    code, detail = CODES.get(error.status_code, f"http_{error.status_code}"), str(error.detail)
    if error.status_code == 400 and (media_type := _body_media_type(request.scope.get("route"))):
        detail = f"the body cannot be parsed as {media_type}: {detail}"
    return problem(error.status_code, code, title, detail, headers=headers)


def _allowed_methods(request: Request) -> set[str]:
    """Return all methods of a path. Starlette knows only those of the first route with this path."""
    path, methods = request.scope["path"], {"GET"}  # static files have this method only
    routes = [context.original_route for context in iter_route_contexts(request.app.routes)]
    matching = [route for route in routes if isinstance(route, Route) and route.path_regex.match(path)]
    if matching:
        methods = set[str]().union(*(route.methods or () for route in matching))
    return methods | {"HEAD"} if "GET" in methods else methods


def _invalid_field(
    kind: str,
    location: tuple[str | int, ...],
    message: str,
    context: Mapping[str, object],
    file_fields: set[str],
) -> tuple[str, str]:
    """Return an invalid field's name and fault.

    The fault is FastAPI's message, except where that message does not say how to send the field.
    """
    if kind == "json_invalid":
        return (
            "body",
            f"not valid JSON ({context.get('error')} at character {location[-1]}); send a JSON object",
        )
    if location == ("body",):
        return "body", "send a JSON object with Content-Type: application/json"
    name = ".".join(str(part) for part in location[1:])
    if location[0] == "body" and location[1] in file_fields:
        return name, (
            "send a file as multipart/form-data with a filename, "
            f"for example with curl -F {location[1]}=@FILE"
        )
    return name, message


def _file_fields(route: object) -> set[str]:
    """Return the names of a route's file fields."""
    if not isinstance(route, APIRoute):
        return set()
    return {field.alias for field in route.dependant.body_params if isinstance(field.field_info, File)}


def _json_keys(route: object) -> list[str]:
    """Return the keys that a route's JSON body may have."""
    info = route.body_field.field_info if isinstance(route, APIRoute) and route.body_field else None
    model = None if info is None else info.annotation
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _body_media_type(route: object) -> str | None:
    """Return the media type of a route's request body, or None if it has no body."""
    info = route.body_field.field_info if isinstance(route, APIRoute) and route.body_field else None
    return info.media_type if isinstance(info, Body) else None
