"""The name of a request's API key, for limits and the access log."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.request_record import record_of
from service.http.security import find_caller
from service.settings import Settings


class IdentifyCaller:
    """Note the name of the API key in the request's record. It refuses nothing: `RequireKey` does."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            note_caller(scope, self.settings)
        await self.app(scope, receive, send)


def note_caller(scope: Scope, settings: Settings) -> None:
    """Note the name of a request's API key, if it is known, in the request's record."""
    caller = find_caller(settings, Headers(scope=scope).get("x-api-key"))
    record_of(scope).key = caller.name if caller else None
