"""Requests that have only what their operation knows, with bodies in UTF-8 that never take long to parse."""

import json
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import aclosing
from typing import Any

from fastapi import Depends, params
from fastapi._compat import field_annotation_is_scalar_sequence
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import JsonValue
from starlette.datastructures import FormData, Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from service.errors import ParameterInvalid
from service.http.known_names import check_names, check_not_repeated
from service.http.multipart import FormMalformed, Forms
from service.http.problems import AbortRequest


def declares_body(scope: Scope) -> bool:
    """Return whether a request's headers announce a body."""
    headers = Headers(scope=scope)
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


class BodyRequest(Request):
    """A request whose form and JSON are read by this service's own rules.

    Args:
        fields: the names of form fields that its operation accepts.
    """

    def __init__(self, scope: Scope, receive: Receive, fields: Sequence[str] = ()) -> None:
        super().__init__(scope, receive)
        self._fields = fields

    async def form(self, **limits: object) -> FormData:  # type: ignore[override]  # needs no `async with`
        """Return the multipart form of the body. A body of another type has no fields.

        Args:
            limits: FastAPI's limits, which this service does not use.

        Raises:
            HTTPException: the form cannot be parsed, or has a field that the operation does not have.
        """
        if self._form is None:
            self._form = await self._read_form()
        return self._form

    async def _read_form(self) -> FormData:
        content_type = self.headers.get("content-type", "")
        if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
            return FormData()
        forms: Forms = self.app.state.forms
        try:
            async with aclosing(self.stream()) as body:
                form = await forms.read(content_type, body)
        except FormMalformed as error:
            raise HTTPException(400, str(error)) from error
        try:
            check_names(form.keys(), self._fields, "field")
        except ParameterInvalid as error:
            await form.close()
            raise AbortRequest(error) from error
        return form

    async def json(self) -> Any:  # as in Starlette
        """Return the body's JSON value.

        Raises:
            HTTPException: the body is not UTF-8, is nested too deeply, or has a number with too many digits.
            json.JSONDecodeError: the body is not valid JSON.
        """
        body = await self.body()
        try:
            return json.loads(body.decode("utf-8-sig"), object_pairs_hook=_without_repetition)
        except json.JSONDecodeError:
            raise
        except UnicodeDecodeError as error:
            raise HTTPException(400, "the text is not UTF-8; send UTF-8") from error
        except RecursionError as error:
            raise HTTPException(400, "the value is nested too deeply; send a flatter one") from error
        except ValueError as error:  # Python limits the digits of integers
            raise HTTPException(400, "a number has too many digits; send a shorter one") from error


def _without_repetition(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    """Return a JSON object. Python would silently use the last value of a repeated key."""
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise HTTPException(400, f"the key {repeated[:80]!r} occurs twice in one object; send it once")
    return value


class StrictRoute(APIRoute):
    """A route that refuses what its operation does not have, and whose handler gets a `BodyRequest`.

    FastAPI would ignore an unknown query parameter or form field, such as a misspelled one, and use the last
    value of a repeated query parameter.

    The form's files are closed when the handler has returned, before the response is sent. A client that
    reads its response slowly does not keep its upload in memory.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        dependencies: Sequence[params.Depends] | None = None,
        **options: Any,
    ) -> None:
        """Check the query after the other dependencies, so after the API key."""
        check_query = Depends(self._check_query)
        super().__init__(path, endpoint, dependencies=[*(dependencies or ()), check_query], **options)

    async def _check_query(self, request: Request) -> None:
        """Raise ParameterInvalid for a query parameter that is unknown or repeated."""
        query = {
            field.alias: field.field_info
            for each in _with_dependencies(self.dependant)
            for field in each.query_params
        }
        repeatable = {
            name for name, info in query.items() if field_annotation_is_scalar_sequence(info.annotation)
        }
        check_names(request.query_params.keys(), list(query), "query parameter")
        check_not_repeated(request.query_params, repeatable)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler with another kind of request."""
        handle = super().get_route_handler()
        fields = [field.alias for each in _with_dependencies(self.dependant) for field in each.body_params]

        async def handle_and_close(request: Request) -> Response:
            body_request = BodyRequest(request.scope, request.receive, fields)
            try:
                return await handle(body_request)
            finally:
                await body_request.close()

        return handle_and_close


def _with_dependencies(dependant: Dependant) -> Iterator[Dependant]:
    """Yield what a route's handler takes, and what its dependencies take."""
    yield dependant
    for dependency in dependant.dependencies:
        yield from _with_dependencies(dependency)
