"""The response header that stops browsers from guessing content types."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NO_SNIFF = {"X-Content-Type-Options": "nosniff"}


class NoSniff:
    """Add `X-Content-Type-Options: nosniff` to every response. Browsers must not run uploads as scripts."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(NO_SNIFF)
            await send(message)

        await self.app(scope, receive, send_with_header)
