"""An ASGI client without a socket, for tests of middleware."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Scope, Send

Headers = dict[str, str]


@dataclass
class Exchange:
    """One request and its answer.

    The app receives the chunks. After the answer it receives a disconnect, as from uvicorn.
    """

    chunks: Iterable[bytes] = (b"",)
    pause: float = 0
    """Seconds before each chunk."""
    stalls: bool = False
    """Whether the body stalls after the chunks, without an end."""
    method: str = "GET"
    path: str = "/"
    headers: Headers = field(default_factory=dict)
    sent: list[Message] = field(default_factory=list)
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.unread = list(self.chunks)

    @property
    def scope(self) -> Scope:
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        has_body = any(self.chunks) or self.stalls
        if has_body and b"content-length" not in dict(raw):
            raw.append((b"transfer-encoding", b"chunked"))
        return {
            "type": "http",
            "method": self.method,
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": b"",
            "headers": raw,
            "root_path": "",
            "scheme": "http",
            "http_version": "1.1",
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 9),
        }

    async def receive(self) -> Message:
        if self.unread:
            await asyncio.sleep(self.pause)
            body = self.unread.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(self.unread) or self.stalls}
        await self.disconnected.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self.disconnected.set()

    async def send_to(self, app: ASGIApp) -> "Exchange":
        await app(self.scope, self.receive, self.send)
        return self

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def response_headers(self) -> Headers:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


async def respond(send: Send, status: int = 200, body: bytes = b"") -> None:
    """Send a whole response, as an ASGI application does."""
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": body})
