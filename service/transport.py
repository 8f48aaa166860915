"""What happens to a request before any route sees it: an id, a bound on its bytes, an end when its client has gone."""

import asyncio
import re
from contextlib import suppress
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import UploadTooLarge
from service.problems import of_service_error

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
PAGE_POLICY = "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"


class RequestId:
    """`X-Request-ID` in (where it is harmless) and out, and headers that keep browsers from guessing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        scope["request_id"] = request_id = given if _ID.fullmatch(given) else uuid4().hex

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        await self.app(scope, receive, named)


class BodyLimit:
    """413 for a body above `max_bytes`: by Content-Length at once, else counted while it is received."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app, self.max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdigit() and int(declared) > self.max_bytes:
            await self._refuse(scope, receive, send)
            return
        received, started = 0, False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > self.max_bytes:
                    raise _Exceeded
            return message

        async def held_back(message: Message) -> None:
            nonlocal started
            if received > self.max_bytes and not started:
                return
            started = True
            await send(message)

        with suppress(_Exceeded):
            await self.app(scope, counted, held_back)
        if received > self.max_bytes and not started:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = UploadTooLarge(f"a request's body may have at most {self.max_bytes / 1e6:g} MB")
        response = of_service_error(error, str(scope.get("request_id", "")))
        response.headers["Connection"] = "close"
        await response(scope, receive, send)


class _Exceeded(Exception):
    pass


class CancelWhenGone:
    """Cancels a request's handler when its client hangs up, so that what was not computed yet never is.

    A server says that the client has gone once it has its answer, too; what a handler does then (it closes files) is left alone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        received, gone, answered = asyncio.Event(), asyncio.Event(), False

        async def until_received() -> Message:
            if received.is_set():
                await gone.wait()
                return {"type": "http.disconnect"}
            message = await receive()
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                received.set()
            return message

        async def hangs_up() -> None:
            await received.wait()
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        handler = asyncio.ensure_future(self.app(scope, until_received, noted))
        watcher = asyncio.ensure_future(hangs_up())
        try:
            await asyncio.wait({handler, watcher}, return_when=asyncio.FIRST_COMPLETED)
            if answered:
                await asyncio.wait({handler})
        finally:  # also where the server cancels us, when its time to drain is over
            handler.cancel()
            watcher.cancel()
            await asyncio.gather(handler, watcher, return_exceptions=True)
        if not (gone.is_set() and handler.cancelled()):
            handler.result()
