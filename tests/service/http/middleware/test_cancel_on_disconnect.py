"""Cancellation of requests whose client has disconnected."""

import asyncio

import pytest
from asgi import Exchange, respond
from starlette.types import ASGIApp

from service.http.middleware.cancel_on_disconnect import CancelOnDisconnect


def disconnected_during(app: ASGIApp, exchange: Exchange) -> Exchange:
    """Send a request to the app and disconnect while it is handled. It must end soon."""

    async def run() -> Exchange:
        task = asyncio.create_task(exchange.send_to(CancelOnDisconnect(app)))
        await asyncio.sleep(0.01)
        exchange.disconnected.set()
        return await asyncio.wait_for(task, 1)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("method", "body", "receives"),
    [("POST", b"body", True), ("POST", b"", True), ("DELETE", b"", True), ("DELETE", b"", False)],
)
def test_a_handler_is_cancelled_when_its_client_disconnects(method, body, receives):
    ended = []

    async def app(scope, receive, send):
        if receives:
            await receive()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    assert disconnected_during(app, Exchange([body], method=method)).sent == []
    assert ended


def test_an_empty_body_is_received_before_the_disconnect():
    received = []

    async def app(scope, receive, send):
        received.extend([await receive(), await receive()])

    disconnected_during(app, Exchange(method="DELETE"))
    assert received[0] == {"type": "http.request", "body": b"", "more_body": False}


def test_a_client_that_disconnects_within_a_body_is_sent_nothing():
    async def app(scope, receive, send):
        await receive()
        assert (await receive())["type"] == "http.disconnect"
        await respond(send, 400)

    exchange = Exchange([b"a"], stalls=True)
    exchange.disconnected.set()
    asyncio.run(exchange.send_to(CancelOnDisconnect(app)))
    assert exchange.sent == []


def test_a_handler_is_not_cancelled_after_its_answer():
    ended = []

    async def app(scope, receive, send):
        await receive()
        await respond(send)
        await asyncio.sleep(0.05)  # for example to close files
        ended.append(True)

    asyncio.run(Exchange().send_to(CancelOnDisconnect(app)))
    assert ended


def test_cancelling_the_request_waits_for_the_handler():
    ended = []

    async def app(scope, receive, send):
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            ended.append(True)

    async def check() -> None:
        task = asyncio.create_task(Exchange().send_to(CancelOnDisconnect(app)))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended

    asyncio.run(check())


def test_exceptions_of_the_handler_are_raised():
    async def app(scope, receive, send):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(Exchange().send_to(CancelOnDisconnect(app)))
