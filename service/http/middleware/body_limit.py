"""Limits on request bodies: size, duration, and memory of all bodies together."""

import asyncio

from fastapi import params
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import Overloaded, ServiceError, UploadTooLarge, UploadTooSlow
from service.http.problems import AbortRequest

DISCARD_PAUSE = 5.0
"""Seconds to wait for more of a body that is being discarded, like nginx's `lingering_timeout`."""
DISCARD_BODIES = 4
"""Largest amount to discard after an early response, in bodies of the largest size."""
MAX_JSON_BYTES = 65_536
"""Bytes of a JSON body. JSON is parsed on the event loop, and 16 MB take seconds. No legal body has 1 kB."""
SMALL_BODY = 1_000_000
"""Bytes of a body that may use all of `max_held`. Larger bodies may use only `LARGE_SHARE` of it."""
LARGE_SHARE = 0.75


class BodyLimit:
    """Limit the size and the duration of request bodies.

    - One body's bytes, whether or not the client declares them: 413. JSON bodies have a smaller limit.
    - One body's duration, and its pauses: 408.
    - The bytes of all bodies in progress: 429. A body counts until its response starts, because the files of
      a waiting request take memory too. It does not count any longer, because a client that reads its
      response slowly could keep others from uploading. A quarter is reserved for small bodies, so large
      uploads that come slowly do not keep out sketches.

    Many clients read no response before they have sent their whole body. If the server closes the connection
    earlier, they never see the response. So after an early response the rest of the body is discarded: up to
    `DISCARD_BODIES` bodies of the largest size, for at most `idle_seconds`.

    Args:
        max_bytes: bytes of one body.
        max_held: bytes of all bodies in progress.
        idle_seconds: longest pause within a body.
        upload_seconds: longest duration of a body.
    """

    def __init__(
        self, app: ASGIApp, *, max_bytes: int, max_held: int, idle_seconds: float, upload_seconds: float
    ) -> None:
        self.app = app
        self.max_bytes, self.max_held = max_bytes, max_held
        self.idle_seconds, self.upload_seconds = idle_seconds, upload_seconds
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(self, scope, receive)

        async def send_after_discarding(message: Message) -> None:
            if message["type"] == "http.response.start":
                body.release()
            is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
            if not (is_last and body.expected) or body.complete:
                await send(message)
                return
            await send({**message, "more_body": True})
            await self._discard_rest(receive)
            await send({"type": "http.response.body", "body": b""})

        try:
            await self.app(scope, body.receive, send_after_discarding)
        finally:
            body.release()

    def max_held_for(self, received: int) -> int:
        """Return the bytes of all bodies up to which a body with `received` bytes may go on."""
        if received <= SMALL_BODY:
            return self.max_held
        return max(self.max_bytes, int(LARGE_SHARE * self.max_held))  # one body always fits

    async def _discard_rest(self, receive: Receive) -> None:
        loop = asyncio.get_running_loop()
        deadline, bytes_left = loop.time() + self.idle_seconds, DISCARD_BODIES * self.max_bytes
        while bytes_left > 0:
            try:
                async with asyncio.timeout_at(min(deadline, loop.time() + DISCARD_PAUSE)):
                    message = await receive()
            except TimeoutError:
                return
            bytes_left -= len(message.get("body", b""))
            if not message.get("more_body", False):
                return


class _Body:
    """The body of one request, as the app receives it."""

    def __init__(self, limits: BodyLimit, scope: Scope, receive: Receive) -> None:
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "")
        self._limits, self._scope, self._receive = limits, scope, receive
        self._deadline = asyncio.get_running_loop().time() + limits.upload_seconds
        self._declared = int(declared) if declared.isdecimal() else 0
        self.expected = self._declared > 0 or "transfer-encoding" in headers
        self.complete = False
        self._received = self._held = 0

    async def receive(self) -> Message:
        """Receive the next part of the body.

        Raises:
            AbortRequest: the body is too large or too slow, or all bodies together are too large.
        """
        if self.complete:
            return await self._receive()
        max_bytes = self._limits.max_bytes
        if takes_json(self._scope.get("route")):  # the router sets it before the app reads the body
            max_bytes = min(max_bytes, MAX_JSON_BYTES)
        if self._declared > max_bytes:
            raise _too_large(max_bytes)
        try:
            message = await self._receive_in_time()
        except AbortRequest:
            self.complete = True  # the client has stopped sending: there is nothing to discard
            raise
        self.complete = not message.get("more_body", False)
        size = len(message.get("body", b""))
        self._received += size
        self._held += size
        self._limits.held += size
        if self._received > max_bytes:
            raise _too_large(max_bytes)
        if self._limits.held > self._limits.max_held_for(self._received):
            raise self._too_many_bodies()
        return message

    def release(self) -> None:
        """Stop to count this body as held."""
        self._limits.held -= self._held
        self._held = 0

    async def _receive_in_time(self) -> Message:
        limits, now = self._limits, asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(self._deadline, now + limits.idle_seconds)):
                return await self._receive()
        except TimeoutError:
            raise abort(
                UploadTooSlow(
                    f"the request's body took too long; it may take {limits.upload_seconds:g} s in all "
                    f"and pause for {limits.idle_seconds:g} s"
                )
            ) from None

    def _too_many_bodies(self) -> AbortRequest:
        return abort(
            Overloaded(
                f"all uploads in progress together exceed {self._limits.max_held / 1e6:g} MB; "
                "send this request again later"
            )
        )


def takes_json(route: object) -> bool:
    """Return whether a route has a body that is not a form."""
    field = route.body_field if isinstance(route, APIRoute) else None
    return field is not None and not isinstance(field.field_info, params.Form)


def _too_large(max_bytes: int) -> AbortRequest:
    limit = f"{max_bytes / 1e6:g} MB" if max_bytes >= 100_000 else f"{max_bytes:,} bytes"
    return abort(UploadTooLarge(f"the request's body is too large; send at most {limit}"))


def abort(error: ServiceError) -> AbortRequest:
    """Return an exception that ends the request and closes the connection, because the body is unread."""
    return AbortRequest(error, {"Connection": "close"})
