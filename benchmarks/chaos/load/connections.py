"""A small HTTP/1.1 client for load. It takes less time than httpx for a request.

It runs on the same cores as the service, so what it takes, the service lacks.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import cast

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
        self._open: set[_Connection] = set()
        self._idle: list[_Connection] = []
        self._opening: set[asyncio.Task[None]] = set()

    def send(self, request: bytes, on_answer: Callable[[Answer], None]) -> None:
        """Send a request, and call `on_answer` with the answer. It makes no task if a connection is idle."""
        while self._idle:  # the server may have closed it: then try the next, or a new one
            connection = self._idle.pop()
            if not connection.lost:
                connection.send(request, partial(self._answered, connection, request, on_answer, True))
                return
        task = asyncio.create_task(self._send_on_new(request, on_answer))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def ask(self, request: bytes, timeout: float = 120) -> Answer:
        """Send a request and wait for the answer. Never raises for a failure of the server."""
        future = asyncio.get_running_loop().create_future()
        self.send(request, lambda answer: None if future.done() else future.set_result(answer))
        try:
            async with asyncio.timeout(timeout):
                return cast("Answer", await future)
        except TimeoutError:
            return NO_ANSWER

    def close(self) -> None:
        """Close all connections."""
        for connection in self._open:
            connection.transport.close()

    async def _send_on_new(self, request: bytes, on_answer: Callable[[Answer], None]) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(_Connection, "127.0.0.1", self.port)
        except OSError:
            on_answer(NO_ANSWER)
            return
        self._open.add(connection)
        connection.send(request, partial(self._answered, connection, request, on_answer, False))

    def _answered(
        self,
        connection: "_Connection",
        request: bytes,
        on_answer: Callable[[Answer], None],
        used_again: bool,
        answer: Answer | None,
    ) -> None:
        if answer is None:
            self._open.discard(connection)
            if used_again and not connection.received:  # the server has closed it before it saw the request
                self.send(request, on_answer)
            else:
                on_answer(NO_ANSWER)
            return
        if connection.lost or _CLOSE.search(answer.head) or not _LENGTH.search(answer.head):
            self._open.discard(connection)
            connection.transport.close()
        else:
            self._idle.append(connection)
        on_answer(answer)


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
        self._on_answer: Callable[[Answer | None], None] | None = None

    def send(self, request: bytes, on_answer: Callable[[Answer | None], None]) -> None:
        """Send a request. `on_answer` gets None if the connection is closed before the answer is complete."""
        self.received.clear()
        self._on_answer = on_answer
        if self.lost:
            self._finish(None)
        else:
            self.transport.write(request)

    def connection_made(self, transport: asyncio.WriteTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        self._finish_if_complete(closed=False)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._finish_if_complete(closed=True)
        self._finish(None)

    def _finish_if_complete(self, *, closed: bool) -> None:
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
            self._finish(Answer(status, head, body))

    def _finish(self, answer: Answer | None) -> None:
        on_answer, self._on_answer = self._on_answer, None
        if on_answer is not None:
            on_answer(answer)


async def ask_in_turn(port: int, requests: Iterable[bytes]) -> list[Answer]:
    """Send requests one after another, and return their answers."""
    connections = Connections(port)
    answers = [await connections.ask(request) for request in requests]
    connections.close()
    return answers
