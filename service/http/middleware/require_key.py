"""Check of the API key before the request body is received."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import ServiceError
from service.http.dependencies import Services
from service.http.problems import AbortRequest
from service.http.security import check_key


class RequireKey:
    """Check the API key when the app first reads the body.

    FastAPI receives the whole body before it runs a route's dependencies. Without this middleware, clients
    without a key could make the service store uploads.
    """

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self.app, self.services = app, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def check_then_receive() -> Message:
            try:
                check_key(scope.get("route"), self.services, Headers(scope=scope).get("x-api-key"))
            except ServiceError as error:
                raise AbortRequest(error) from error
            return await receive()

        await self.app(scope, check_then_receive if scope["type"] == "http" else receive, send)
