"""Limits on request bodies."""

import asyncio
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from asgi import Exchange, respond
from starlette.types import ASGIApp

from service.errors import ServiceError
from service.http.middleware import body_limit
from service.http.middleware.body_limit import BodyLimit
from service.http.problems import AbortRequest


async def echo(scope, receive, send) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    await respond(send, body=body)


def limited(app: ASGIApp, **limits: float) -> BodyLimit:
    return BodyLimit(
        app, **{"max_bytes": 1000, "max_held": 1000, "idle_seconds": 1, "upload_seconds": 1} | limits
    )


def refused(exchange: Exchange, **limits: float) -> ServiceError:
    with pytest.raises(AbortRequest) as caught:
        asyncio.run(exchange.send_to(limited(echo, **limits)))
    assert caught.value.headers == {"Connection": "close"}
    return caught.value.error


def test_a_body_within_the_limits_passes():
    exchange = Exchange([b"a" * 50, b"b" * 50], headers={"Content-Length": "100"})
    assert (
        asyncio.run(exchange.send_to(limited(echo, max_bytes=100, max_held=100))).body
        == b"a" * 50 + b"b" * 50
    )


def test_a_body_is_limited_with_and_without_a_declared_length():
    declared = Exchange([b"a"], stalls=True, headers={"Content-Length": "101"})
    assert refused(declared, max_bytes=100).code == "upload_too_large"
    assert declared.unread == [b"a"]
    assert refused(Exchange([b"a" * 60, b"b" * 60], stalls=True), max_bytes=100).code == "upload_too_large"


def test_a_stalled_body_is_refused():
    assert refused(Exchange([b"a"], stalls=True), idle_seconds=0.05).code == "upload_too_slow"


def test_a_steady_body_has_a_total_time_limit():
    steady = Exchange([b"a"] * 10, pause=0.1)  # longer than `idle_seconds` in all, but no pause is
    assert asyncio.run(steady.send_to(limited(echo, idle_seconds=0.5, upload_seconds=20))).body == b"a" * 10
    assert refused(Exchange([b"a"] * 100, pause=0.01), upload_seconds=0.1).code == "upload_too_slow"


def test_the_wait_for_an_answer_is_not_limited():
    async def app(scope, receive, send):
        await receive()
        assert (await receive())["type"] == "http.disconnect"

    async def check() -> None:
        exchange = Exchange()
        task = asyncio.create_task(exchange.send_to(limited(app, idle_seconds=0.01, upload_seconds=0.02)))
        await asyncio.sleep(0.1)
        exchange.disconnected.set()
        await task

    asyncio.run(check())


def test_all_bodies_together_are_limited_until_they_are_answered():
    working = asyncio.Event()

    async def app(scope, receive, send):
        await receive()
        await working.wait()
        await respond(send)

    async def check() -> None:
        app_limited = limited(app, max_bytes=60, max_held=100)
        first = asyncio.create_task(Exchange([b"a" * 60]).send_to(app_limited))
        await asyncio.sleep(0.01)
        with pytest.raises(AbortRequest) as caught:
            await Exchange([b"a" * 60]).send_to(app_limited)
        assert (caught.value.error.code, caught.value.error.retry_after) == ("overloaded", 1)
        small = asyncio.create_task(Exchange([b"a" * 40]).send_to(app_limited))
        await asyncio.sleep(0.01)
        working.set()
        await asyncio.gather(first, small)
        assert (await Exchange([b"a" * 60]).send_to(app_limited)).status == 200

    asyncio.run(check())


def test_a_body_counts_until_its_response_starts():
    """A client that does not read its response must not keep others from uploading."""
    unread = asyncio.Event()

    async def check() -> None:
        app = limited(echo, max_bytes=60, max_held=100)
        first = Exchange([b"a" * 60])
        send = first.send

        async def send_when_read(message) -> None:
            await unread.wait()
            await send(message)

        task = asyncio.create_task(app(first.scope, first.receive, send_when_read))
        await asyncio.sleep(0.01)
        assert (await Exchange([b"a" * 60]).send_to(app)).status == 200
        unread.set()
        await task
        assert (first.body, app.held) == (b"a" * 60, 0)

    asyncio.run(check())


def test_large_bodies_leave_room_for_small_ones(monkeypatch):
    monkeypatch.setattr(body_limit, "SMALL_BODY", 10)

    async def check() -> None:
        app = limited(echo, max_bytes=60, max_held=100)
        stalled = Exchange([b"a" * 60], stalls=True)
        task = asyncio.create_task(stalled.send_to(app))
        await asyncio.sleep(0.01)
        with pytest.raises(AbortRequest):
            await Exchange([b"a" * 20]).send_to(app)
        assert (await Exchange([b"a" * 10]).send_to(app)).status == 200
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (await Exchange([b"a" * 60]).send_to(app)).status == 200

    asyncio.run(check())


async def answers_early(scope, receive, send) -> None:
    await respond(send, 413, b"no")


def test_the_rest_of_a_body_is_discarded_after_an_early_answer():
    exchange = Exchange([b"a" * 100] * 20, headers={"Content-Length": "2000"})
    asyncio.run(exchange.send_to(limited(answers_early, max_bytes=1000)))
    assert [message.get("more_body", False) for message in exchange.sent[1:]] == [True, False]
    assert (exchange.status, exchange.body, exchange.unread) == (413, b"no", [])


def test_at_most_four_bodies_are_discarded():
    exchange = Exchange([b"a" * 100] * 20, headers={"Transfer-Encoding": "chunked"})
    asyncio.run(exchange.send_to(limited(answers_early, max_bytes=100)))
    assert (exchange.body, len(exchange.unread)) == (b"no", 16)


def test_discarding_ends_when_the_body_stalls(monkeypatch):
    monkeypatch.setattr(body_limit, "DISCARD_PAUSE", 0.05)
    exchange = Exchange([b"a"], stalls=True, headers={"Content-Length": "100"})
    asyncio.run(asyncio.wait_for(exchange.send_to(limited(answers_early)), 1))
    assert exchange.body == b"no"


def test_discarding_has_a_total_time_limit():
    exchange = Exchange([b"a"] * 100, pause=0.02, headers={"Content-Length": "100"})
    asyncio.run(asyncio.wait_for(exchange.send_to(limited(answers_early, idle_seconds=0.1)), 1))
    assert exchange.unread


def test_nothing_is_discarded_after_a_body_that_was_too_slow():
    async def answers(scope, receive, send) -> None:
        try:
            await echo(scope, receive, send)
        except AbortRequest as refused:
            await respond(send, refused.error.status, b"too slow")

    exchange = Exchange([b"a"], stalls=True, headers={"Content-Length": "100"})
    asyncio.run(exchange.send_to(limited(answers, idle_seconds=0.05)))
    assert (exchange.status, len(exchange.sent)) == (408, 2)


def test_a_request_without_a_body_gets_its_answer_in_one_part():
    exchange = Exchange()
    asyncio.run(exchange.send_to(limited(answers_early)))
    assert len(exchange.sent) == 2


def test_an_endless_chunked_body_is_cut_off(server):
    sent = 0

    def flood():
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\n'
        for _ in range(64):
            sent += 1
            yield b"\0" * 1_000_000

    try:
        answer = httpx.post(
            f"{server.url}/translate",
            content=flood(),
            headers={"Content-Type": "multipart/form-data; boundary=b"},
            timeout=30,
        )
        assert answer.status_code == 413
        assert answer.json()["code"] == "upload_too_large"
    except httpx.TransportError:
        pass  # the server closed the connection while the client was still sending
    assert sent < 64


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc, as on Linux")
def test_files_of_refused_uploads_are_closed(server):
    def open_uploads() -> int:
        listed = subprocess.run(
            ["ls", "-l", f"/proc/{server.process.pid}/fd"], capture_output=True, text=True
        ).stdout
        deleted = [line for line in listed.splitlines() if line.endswith("(deleted)")]
        return sum("/galleries/" not in line for line in deleted)  # other tests delete galleries

    for _ in range(8):
        assert server.client.post("/embed", files={"image": b"\0" * 1_500_000}).status_code == 422
    until = time.monotonic() + 2
    while open_uploads() and time.monotonic() < until:
        time.sleep(0.05)
    assert open_uploads() == 0
