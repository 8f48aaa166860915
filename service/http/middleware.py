"""What happens to a request before any route sees it: an id, bounds on its bytes and its time, an end when its client has gone."""

import asyncio
import re
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import Overloaded, ServiceError, UploadTooLarge, UploadTooSlow
from service.http import security
from service.http.dependencies import Services
from service.http.problems import AbortRequest

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
LINGER_PAUSE = 5.0  # seconds, as nginx's lingering_timeout
LINGER_BODIES = 4
PAGE_POLICY = "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"


class HeadAsGet:
    """`HEAD` wherever there is `GET`: the same answer without its body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def bodiless(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        if scope["type"] == "http" and scope["method"] == "HEAD":
            await self.app({**scope, "method": "GET"}, receive, bodiless)
        else:
            await self.app(scope, receive, send)


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
    """Bounds on what clients send: one body's bytes (413) and its time (408), and the bytes of all bodies at hand (429).

    A body is at hand until its request has ended: files of an upload that waits for its turn take room as well.

    Many clients read nothing before all is sent, and lose an answer that came earlier when the connection is closed on
    them. So what is left of a body is let go by, unread, after an answer: up to four bodies of the largest size, for `idle_seconds` at most.
    """

    def __init__(
        self, app: ASGIApp, *, max_bytes: int, max_held: int, idle_seconds: float, upload_seconds: float
    ) -> None:
        self.app, self.max_bytes, self.max_held, self.idle_seconds, self.upload_seconds = (
            app,
            max_bytes,
            max_held,
            idle_seconds,
            upload_seconds,
        )
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        due = asyncio.get_running_loop().time() + self.upload_seconds
        size, complete = int(declared) if declared.isdecimal() else 0, False
        some = size > 0 or "transfer-encoding" in Headers(scope=scope)
        received = 0

        async def counted() -> Message:
            nonlocal received, complete
            if complete:
                return await receive()
            if size > self.max_bytes:
                raise self._refused(self._too_large())
            try:
                message = await self._in_time(receive, due)
            except AbortRequest:
                complete = True  # nothing comes any more
                raise
            complete = not message.get("more_body", False)
            received += len(message.get("body", b""))
            self._held += len(message.get("body", b""))
            if received > self.max_bytes:
                raise self._refused(self._too_large())
            if self._held > self.max_held:
                raise self._refused(
                    Overloaded(
                        f"bodies of {self.max_held / 1e6:g} MB are being worked on, as many as may; send this one again"
                    )
                )
            return message

        async def lingering(message: Message) -> None:
            last = message["type"] == "http.response.body" and not message.get("more_body", False)
            if not (last and some) or complete:
                await send(message)
                return
            await send({**message, "more_body": True})
            await self._let_go_by(receive)
            await send({"type": "http.response.body", "body": b""})

        try:
            await self.app(scope, counted, lingering)
        finally:
            self._held -= received

    async def _let_go_by(self, receive: Receive) -> None:
        loop = asyncio.get_running_loop()
        due, left = loop.time() + self.idle_seconds, LINGER_BODIES * self.max_bytes
        while left > 0:
            try:
                async with asyncio.timeout_at(min(due, loop.time() + LINGER_PAUSE)):
                    message = await receive()
            except TimeoutError:
                return
            left -= len(message.get("body", b""))
            if not message.get("more_body", False):
                return

    async def _in_time(self, receive: Receive, due: float) -> Message:
        try:
            async with asyncio.timeout_at(min(due, asyncio.get_running_loop().time() + self.idle_seconds)):
                return await receive()
        except TimeoutError:
            allowed = (
                f"a request's body may take {self.upload_seconds:g} s, and pause for {self.idle_seconds:g} s"
            )
            raise self._refused(UploadTooSlow(allowed)) from None

    def _too_large(self) -> UploadTooLarge:
        return UploadTooLarge(f"a request's body may have at most {self.max_bytes / 1e6:g} MB")

    def _refused(self, error: ServiceError) -> AbortRequest:
        return AbortRequest(error, {"Connection": "close"})  # the rest of the body is not wanted


class RequireKey:
    """Asks for the key before a body is received; FastAPI asks a route's dependencies only after."""

    def __init__(self, app: ASGIApp, parts: Services) -> None:
        self.app, self.parts = app, parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def for_holders() -> Message:
            try:
                security.ask(scope.get("route"), self.parts, Headers(scope=scope).get("x-api-key"))
            except ServiceError as error:
                raise AbortRequest(error) from error
            return await receive()

        await self.app(scope, for_holders if scope["type"] == "http" else receive, send)


class CancelOnDisconnect:
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
            if message["type"] == "http.disconnect":
                gone.set()
            if not message.get("more_body", False):
                received.set()
            return message

        async def hangs_up() -> None:
            await received.wait()
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()

        async def noted(message: Message) -> None:
            nonlocal answered
            if gone.is_set():  # nobody hears it, so it is no answer
                return
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
