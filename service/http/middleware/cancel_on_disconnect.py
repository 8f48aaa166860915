"""Cancellation of requests whose client has disconnected."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.request_body import declares_body
from service.tracebacks import forget_cancellation


class CancelOnDisconnect:
    """Cancel a request's handler when its client disconnects, to save the work that is still to do.

    The server also reports a disconnect after a complete response. This does not cancel the handler,
    which may still have files to close.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body_received, disconnected, answered = asyncio.Event(), asyncio.Event(), False
        empty = not declares_body(scope)
        if empty:  # the handler may never receive it
            body_received.set()

        async def receive_body() -> Message:
            nonlocal empty
            if empty:
                empty = False
                return {"type": "http.request", "body": b"", "more_body": False}
            if body_received.is_set():
                await disconnected.wait()
                return {"type": "http.disconnect"}
            message = await receive()
            if message["type"] == "http.disconnect":
                disconnected.set()
            if not message.get("more_body", False):
                body_received.set()
            return message

        async def watch_for_disconnect() -> None:
            await body_received.wait()
            while (await receive())["type"] != "http.disconnect":
                pass
            disconnected.set()

        async def send_while_connected(message: Message) -> None:
            nonlocal answered
            if disconnected.is_set():  # nobody receives this, so it does not count as a response
                return
            answered = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        handler = asyncio.ensure_future(self.app(scope, receive_body, send_while_connected))
        watcher = asyncio.ensure_future(watch_for_disconnect())
        try:
            try:
                await asyncio.wait({handler, watcher}, return_when=asyncio.FIRST_COMPLETED)
                if answered:
                    await asyncio.wait({handler})
            finally:  # also runs when the server cancels this request after the drain timeout
                handler.cancel()
                watcher.cancel()
                await asyncio.gather(handler, watcher, return_exceptions=True)
            if not (disconnected.is_set() and handler.cancelled()):
                handler.result()
        finally:
            forget_cancellation(handler)
            del handler  # a raised error refers to this frame, so the frame must not refer to the task
