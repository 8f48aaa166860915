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


async def reads(scope, receive, send) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    await respond(send, body=body)


def limited(app: ASGIApp, **limits: float) -> BodyLimit:
    return BodyLimit(
        app, **{"max_bytes": 1000, "max_held": 1000, "idle_seconds": 1, "upload_seconds": 1} | limits
    )


class TestBodyLimit:
    def refused(self, exchange: Exchange, **limits: float) -> ServiceError:
        with pytest.raises(AbortRequest) as caught:
            asyncio.run(exchange.through(limited(reads, **limits)))
        assert caught.value.headers == {"Connection": "close"}
        return caught.value.error

    def test_what_keeps_to_the_limits_goes_through(self):
        exchange = Exchange([b"a" * 50, b"b" * 50], headers={"Content-Length": "100"})
        assert (
            asyncio.run(exchange.through(limited(reads, max_bytes=100, max_held=100))).body
            == b"a" * 50 + b"b" * 50
        )

    def test_a_body_has_a_bound_whether_or_not_it_says_its_length(self):
        said = Exchange([b"a"], unending=True, headers={"Content-Length": "101"})
        assert self.refused(said, max_bytes=100).code == "upload_too_large"
        assert said._chunks == [b"a"]
        assert (
            self.refused(Exchange([b"a" * 60, b"b" * 60], unending=True), max_bytes=100).code
            == "upload_too_large"
        )

    def test_a_body_that_stops_coming_is_not_waited_for(self):
        assert self.refused(Exchange([b"a"], unending=True), idle_seconds=0.05).code == "upload_too_slow"

    def test_a_steady_body_has_its_time_and_no_more(self):
        steady = Exchange([b"a"] * 10, pause=0.02)
        assert asyncio.run(steady.through(limited(reads, idle_seconds=0.1))).body == b"a" * 10
        assert self.refused(Exchange([b"a"] * 100, pause=0.01), upload_seconds=0.1).code == "upload_too_slow"

    def test_waiting_for_an_answer_is_not_limited(self):
        async def app(scope, receive, send):
            await receive()
            assert (await receive())["type"] == "http.disconnect"

        async def check() -> None:
            exchange = Exchange()
            task = asyncio.create_task(exchange.through(limited(app, idle_seconds=0.01, upload_seconds=0.02)))
            await asyncio.sleep(0.1)
            exchange.gone.set()
            await task

        asyncio.run(check())

    def test_bodies_together_have_a_bound_until_their_requests_end(self):
        working = asyncio.Event()

        async def app(scope, receive, send):
            await receive()
            await working.wait()
            await respond(send)

        async def check() -> None:
            app_limited = limited(app, max_bytes=60, max_held=100)
            first = asyncio.create_task(Exchange([b"a" * 60]).through(app_limited))
            await asyncio.sleep(0.01)
            with pytest.raises(AbortRequest) as caught:
                await Exchange([b"a" * 60]).through(app_limited)
            assert (caught.value.error.code, caught.value.error.retry_after) == ("overloaded", 1)
            small = asyncio.create_task(Exchange([b"a" * 40]).through(app_limited))
            await asyncio.sleep(0.01)
            working.set()
            await asyncio.gather(first, small)
            assert (await Exchange([b"a" * 60]).through(app_limited)).status == 200

        asyncio.run(check())

    async def refuses(self, scope, receive, send) -> None:
        await respond(send, 413, b"no")

    def test_an_early_answer_is_sent_and_the_rest_of_the_body_let_go_by(self):
        exchange = Exchange([b"a" * 100] * 20, headers={"Content-Length": "2000"})
        asyncio.run(exchange.through(limited(self.refuses, max_bytes=1000)))
        assert [message.get("more_body", False) for message in exchange.sent[1:]] == [True, False]
        assert (exchange.status, exchange.body, exchange._chunks) == (413, b"no", [])

    def test_no_more_than_four_bodies_are_let_go_by(self):
        exchange = Exchange([b"a" * 100] * 20, headers={"Transfer-Encoding": "chunked"})
        asyncio.run(exchange.through(limited(self.refuses, max_bytes=100)))
        assert (exchange.body, len(exchange._chunks)) == (b"no", 16)

    def test_a_body_that_pauses_after_its_answer_is_not_waited_for(self, monkeypatch):
        monkeypatch.setattr(body_limit, "DISCARD_PAUSE", 0.05)
        exchange = Exchange([b"a"], unending=True, headers={"Content-Length": "100"})
        asyncio.run(asyncio.wait_for(exchange.through(limited(self.refuses)), 1))
        assert exchange.body == b"no"

    def test_after_an_answer_a_body_has_its_time_and_no_more(self):
        exchange = Exchange([b"a"] * 100, pause=0.02, headers={"Content-Length": "100"})
        asyncio.run(asyncio.wait_for(exchange.through(limited(self.refuses, idle_seconds=0.1)), 1))
        assert exchange._chunks

    def test_after_the_answer_to_a_body_that_was_too_slow_nothing_is_waited_for(self):
        async def answers(scope, receive, send) -> None:
            try:
                await reads(scope, receive, send)
            except AbortRequest as refused:
                await respond(send, refused.error.status, b"too slow")

        exchange = Exchange([b"a"], unending=True, headers={"Content-Length": "100"})
        asyncio.run(exchange.through(limited(answers, idle_seconds=0.05)))
        assert (exchange.status, len(exchange.sent)) == (408, 2)

    def test_a_request_without_a_body_is_answered_in_one(self):
        exchange = Exchange()
        asyncio.run(exchange.through(limited(self.refuses)))
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
        pass  # the server hung up while we were still sending
    assert sent < 64


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks at open files as Linux shows them")
def test_files_of_refused_uploads_are_closed(server):
    def open_uploads() -> int:
        listed = subprocess.run(
            ["ls", "-l", f"/proc/{server.process.pid}/fd"], capture_output=True, text=True
        ).stdout
        return listed.count("(deleted)")

    for _ in range(8):
        assert server.client.post("/embed", files={"image": b"\0" * 1_500_000}).status_code == 422
    until = time.monotonic() + 2
    while open_uploads() and time.monotonic() < until:
        time.sleep(0.05)
    assert open_uploads() == 0
