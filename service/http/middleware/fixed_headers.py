"""The response headers that never change."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.api_version import API_VERSION, HEADER

FIXED_HEADERS = {"X-Content-Type-Options": "nosniff", HEADER: API_VERSION}
"""Browsers must not guess content types: they could run uploads as scripts. Clients check the version."""


class FixedHeaders:
    """Add `FIXED_HEADERS` to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(FIXED_HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)
