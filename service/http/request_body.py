"""Requests whose bodies are parsed in UTF-8 only, and never long on the event loop."""

import json
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

from fastapi.routing import APIRoute
from starlette.datastructures import FormData, Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from service.http.multipart import FormMalformed, Forms


def declares_body(scope: Scope) -> bool:
    """Return whether a request's headers announce a body."""
    headers = Headers(scope=scope)
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


class BodyRequest(Request):
    """A request whose form and JSON are read by this service's own rules."""

    async def form(self, **limits: object) -> FormData:  # type: ignore[override]  # needs no `async with`
        """Return the multipart form of the body. A body of another type has no fields.

        Args:
            limits: FastAPI's limits, which this service does not use.

        Raises:
            HTTPException: the form cannot be parsed.
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
                return await forms.read(content_type, body)
        except FormMalformed as error:
            raise HTTPException(400, str(error)) from error

    async def json(self) -> Any:  # as in Starlette
        """Return the body's JSON value.

        Raises:
            HTTPException: the body is not UTF-8, is nested too deeply, or has a number with too many digits.
            json.JSONDecodeError: the body is not valid JSON.
        """
        body = await self.body()
        try:
            return json.loads(body.decode("utf-8-sig"))
        except json.JSONDecodeError:
            raise
        except UnicodeDecodeError as error:
            raise HTTPException(400, "the text is not UTF-8; send UTF-8") from error
        except RecursionError as error:
            raise HTTPException(400, "the value is nested too deeply; send a flatter one") from error
        except ValueError as error:  # Python limits the digits of integers
            raise HTTPException(400, "a number has too many digits; send a shorter one") from error


class BodyRoute(APIRoute):
    """A route whose handler gets a `BodyRequest`.

    The form's files are closed when the handler has returned, before the response is sent. A client that
    reads its response slowly does not keep its upload in memory.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler with another kind of request."""
        handle = super().get_route_handler()

        async def handle_and_close(request: Request) -> Response:
            body_request = BodyRequest(request.scope, request.receive)
            try:
                return await handle(body_request)
            finally:
                await body_request.close()

        return handle_and_close
