"""Under overload, idle connections are read together, and every request is still answered."""

import asyncio
import functools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from serving import Server, png

from benchmarks.chaos.load import requests
from benchmarks.chaos.load.connections import Connections as LoadConnections
from service.http.connection import Connection
from service.http.connections import Connections
from service.http.gathered_reads import GATHER_SECONDS, GatheredReads


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
async def serving(overloaded: bool = True) -> AsyncIterator[tuple[uvicorn.Server, int]]:
    """Yield a server, and its port."""
    connection = functools.partial(
        Connection,
        connections=Connections(100),
        reads=GatheredReads(lambda: overloaded),
        response_seconds=10,
    )
    config = uvicorn.Config(echo, port=0, http=connection, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server, server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await running


def request(body: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    return await reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1]))


def readable(server: uvicorn.Server) -> list[bool]:
    return [connection.transport.is_reading() for connection in server.server_state.connections]


def test_idle_connections_are_read_together():
    async def check():
        async with serving() as (server, port):
            clients = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
            for reader, writer in clients:
                writer.write(request(b"first"))
                assert await answer(reader) == b"first"
            assert readable(server) == [False] * 3
            for _, writer in clients:
                writer.write(request(b"second"))
            while not any(readable(server)):
                await asyncio.sleep(0)
            assert readable(server) == [True] * 3
            for reader, writer in clients:
                assert await answer(reader) == b"second"
                writer.close()

    asyncio.run(check())


def test_idle_connections_are_read_at_once_without_overload():
    async def check():
        async with serving(overloaded=False) as (server, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request(b"first"))
            assert await answer(reader) == b"first"
            assert readable(server) == [True]
            writer.close()

    asyncio.run(check())


def test_requests_in_pieces_and_pipelined_ones_are_answered_in_order():
    async def check():
        async with serving() as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for body in (b"a" * 300_000, b"bcd"):
                sent = request(body)
                for begin, end in ((0, 20), (20, 90), (90, len(sent))):
                    writer.write(sent[begin:end])
                    await asyncio.sleep(GATHER_SECONDS / 4)
                assert await answer(reader) == body
            writer.write(request(b"one") + request(b"two") + request(b"three"))
            assert [await answer(reader) for _ in range(3)] == [b"one", b"two", b"three"]
            writer.close()

    asyncio.run(check())


def test_a_lost_connection_does_not_disturb_the_others():
    async def check():
        async with serving() as (server, port):
            (_, lost), (reader, writer) = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
            writer.write(request(b"first"))
            lost.write(request(b"first"))
            assert await answer(reader) == b"first"
            while any(readable(server)):
                await asyncio.sleep(0)
            lost.transport.abort()
            writer.write(request(b"second"))
            assert await answer(reader) == b"second"
            await asyncio.sleep(2 * GATHER_SECONDS)
            assert len(server.server_state.connections) == 1
            writer.close()

    asyncio.run(check())


def test_an_overloaded_service_gathers_reads(home):
    """More requests at once than can be answered in time are refused, and the pauses are counted."""
    with Server(home) as server:
        server.ready()
        body = [requests.form("/embed", {"image": png(seed)}, {"model": "tiny"}) for seed in range(400)]

        async def at_once() -> list[int]:
            connections = LoadConnections(server.port)
            answers = await asyncio.gather(*(connections.ask(each) for each in body))
            connections.close()
            return [each.status for each in answers]

        def unused() -> bool:
            return "\niiae_paused_reads_total 0.0\n" in server.client.get("/metrics").text

        assert unused()
        assert set(asyncio.run(at_once())) == {200, 429}
        assert not unused()
