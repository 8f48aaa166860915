"""A small HTTP/1.1 client for load. It takes less time than httpx for a request.

It runs on the same cores as the service, so what it takes, the service lacks.
"""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """The answer to a request. Status 0 means that the connection was lost.

    Args:
        status: its status.
        head: the bytes before the body.
        body: its body.
    """

    status: int
    head: bytes
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """The headers, by name in lower case."""
        lines = self.head.decode("latin-1").strip().split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}


NO_ANSWER = Answer(0, b"", b"")


class Connections:
    """Connections to a server on the loopback interface. Idle ones are used again."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._idle: list[_Connection] = []

    async def ask(self, request: bytes, timeout: float = 120) -> Answer:
        """Send a request and wait for the answer. Never raises for a failure of the server."""
        try:
            async with asyncio.timeout(timeout):
                return await self._ask(request)
        except (TimeoutError, OSError, ValueError):
            return NO_ANSWER

    def close(self) -> None:
        """Close all idle connections."""
        while self._idle:
            self._idle.pop().transport.close()

    async def _ask(self, request: bytes) -> Answer:
        while self._idle:  # the server may close an idle connection: then try the next, or a new one
            connection = self._idle.pop()
            if connection.lost:
                continue
            try:
                return await self._exchange(connection, request)
            except ConnectionError:
                if connection.received:
                    raise
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, "127.0.0.1", self.port)
        return await self._exchange(connection, request)

    async def _exchange(self, connection: "_Connection", request: bytes) -> Answer:
        try:
            answer = await connection.ask(request)
        except BaseException:
            connection.transport.close()
            raise
        if _CLOSE.search(answer.head) or not _LENGTH.search(answer.head):
            connection.transport.close()
        else:
            self._idle.append(connection)
        return answer


class _Connection(asyncio.Protocol):
    """A connection that has one request at a time.

    Attributes:
        transport: its transport.
        received: bytes of the unfinished answer.
        lost: whether it was closed.
    """

    transport: asyncio.WriteTransport

    def __init__(self) -> None:
        self.received = bytearray()
        self.lost = False
        self._answer: asyncio.Future[Answer] | None = None

    async def ask(self, request: bytes) -> Answer:
        """Send a request and wait for its answer.

        Raises:
            ConnectionError: the connection was closed before the answer was complete.
        """
        self.received.clear()
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer

    def connection_made(self, transport: asyncio.WriteTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        self._finish_if_complete(closed=False)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._finish_if_complete(closed=True)
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("closed before the answer was complete"))

    def _finish_if_complete(self, *, closed: bool) -> None:
        if self._answer is None or self._answer.done():
            return
        end = self.received.find(b"\r\n\r\n") + 4
        if end < 4:
            return
        head, body = bytes(self.received[:end]), bytes(self.received[end:])
        status, length = int(head[9:12]), _LENGTH.search(head)
        if status in (204, 304):
            complete = True
        elif length is not None:
            complete = len(body) >= int(length[1])
        else:  # the body ends with the connection
            complete = closed
        if complete:
            self._answer.set_result(Answer(status, head, body))


async def ask_in_turn(port: int, requests: Iterable[bytes]) -> list[Answer]:
    """Send requests one after another, and return their answers."""
    connections = Connections(port)
    answers = [await connections.ask(request) for request in requests]
    connections.close()
    return answers
