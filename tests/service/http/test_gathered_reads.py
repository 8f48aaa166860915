"""Under overload, new requests are read together; nothing that was held back is lost."""

import asyncio
import functools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from service.http.connection import Connection as HttpConnection
from service.http.connections import Connections
from service.http.gathered_reads import GATHER_SECONDS, GatheredReads


class Reader:
    def __init__(self) -> None:
        self.data = b""

    def read_held(self, data: bytes) -> None:
        self.data += data


def test_nothing_is_held_back_without_overload():
    reader = Reader()
    assert not GatheredReads(lambda: False).hold(reader, b"GET")
    assert reader.data == b""


def test_readers_get_their_data_together():
    async def check():
        reads, first, second = GatheredReads(lambda: True), Reader(), Reader()
        assert reads.hold(first, b"one")
        await asyncio.sleep(GATHER_SECONDS / 3)
        assert reads.hold(second, b"two")
        assert (first.data, second.data) == (b"", b"")
        await asyncio.sleep(2 * GATHER_SECONDS)
        assert (first.data, second.data) == (b"one", b"two")
        assert reads.hold(first, b"three")
        await asyncio.sleep(2 * GATHER_SECONDS)
        assert first.data == b"onethree"

    asyncio.run(check())


def test_taken_data_is_not_handed_out_again():
    async def check():
        reads, reader = GatheredReads(lambda: True), Reader()
        reads.hold(reader, b"one")
        assert reads.take(reader) == b"one"
        assert reads.take(reader) == b""
        await asyncio.sleep(2 * GATHER_SECONDS)
        assert reader.data == b""

    asyncio.run(check())


async def echo(scope, receive, send):
    """An app that answers with the body that it received."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message.get("more_body", False)
    length = str(len(body)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def overloaded_server() -> AsyncIterator[tuple[uvicorn.Server, int]]:
    """Yield a server that holds back every request, and its port."""
    connection = functools.partial(
        HttpConnection,
        connections=Connections(100),
        reads=GatheredReads(lambda: True),
        response_seconds=10,
    )
    config = uvicorn.Config(echo, port=0, http=connection, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server, server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


def request(body: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    return await reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1]))


def test_requests_in_pieces_keep_their_order():
    async def check():
        async with overloaded_server() as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for body in (b"a" * 300_000, b"bcd"):
                sent = request(body)
                for begin, end in ((0, 20), (20, 90), (90, len(sent))):
                    writer.write(sent[begin:end])
                    await asyncio.sleep(GATHER_SECONDS / 4)
                assert await answer(reader) == body
            writer.close()

    asyncio.run(check())


def test_a_held_request_is_answered_when_the_server_stops():
    async def check():
        async with overloaded_server() as (server, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request(b"first"))
            assert await answer(reader) == b"first"
            writer.write(request(b"last"))
            while not held(server):
                await asyncio.sleep(0)
            for connection in list(server.server_state.connections):
                connection.shutdown()
            assert await answer(reader) == b"last"
            writer.close()

    asyncio.run(check())


def held(server: uvicorn.Server) -> bool:
    return any(connection._reads._held for connection in server.server_state.connections)


def test_a_connection_that_is_lost_forgets_what_was_held_back():
    async def check():
        async with overloaded_server() as (server, port):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            while not server.server_state.connections:
                await asyncio.sleep(0)
            (connection,) = server.server_state.connections
            writer.write(request(b"gone"))
            while not held(server):
                await asyncio.sleep(0)
            writer.transport.abort()
            while server.server_state.connections:
                await asyncio.sleep(0)
            assert not connection._reads._held

    asyncio.run(check())
