"""Responses to unexpected exceptions and to requests cut off at shutdown."""

import asyncio
import json
import logging

import httpx
import pytest
from asgi import Exchange

from service.errors import UploadTooSlow
from service.http.app import create_app
from service.http.middleware.unhandled_errors import UnhandledErrors
from service.http.problems import AbortRequest
from service.settings import Settings


@pytest.fixture
def app(tmp_path):
    app = create_app(Settings(home=tmp_path, device="cpu"))

    @app.get("/fails")
    async def fails() -> None:
        raise ZeroDivisionError("a secret")

    @app.post("/refuses")
    async def refuses() -> None:
        raise AbortRequest(UploadTooSlow("the body stalled"), {"Connection": "close"})

    return app


def test_an_unexpected_exception_becomes_a_problem_and_is_counted(app, caplog):
    async def ask() -> tuple[httpx.Response, str]:
        transport = httpx.ASGITransport(app)  # raises every exception that leaves the app
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get("/fails"), (await client.get("/metrics")).text

    with caplog.at_level(logging.ERROR):
        answer, metrics = asyncio.run(ask())
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == answer.json()["request_id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "secret" not in answer.text
    assert "a secret" in caplog.text
    assert 'iiae_requests_total{method="GET",route="/fails",status="500"} 1.0' in metrics


def test_a_long_or_forged_path_does_not_fill_the_log(app, caplog):
    @app.get("/fails/{rest:path}")
    async def fails_too() -> None:
        raise ZeroDivisionError

    async def ask() -> None:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as client:
            await client.get("/fails/%1Bforged" + "a" * 50_000)

    with caplog.at_level(logging.ERROR):
        asyncio.run(ask())
    (message,) = [record.getMessage() for record in caplog.records if "unexpected" in record.getMessage()]
    assert "/fails/%1Bforged" in message
    assert "\x1b" not in message and len(message) < 300


def test_an_aborted_request_closes_the_connection(app):
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as client:
            return await client.post("/refuses")

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.json()["code"], answer.headers["connection"]) == (
        408,
        "upload_too_slow",
        "close",
    )


def test_an_exception_within_a_response_is_raised():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    exchange = Exchange()
    with pytest.raises(ZeroDivisionError):
        asyncio.run(exchange.send_to(UnhandledErrors(app)))
    assert [message["type"] for message in exchange.sent] == ["http.response.start"]


def test_a_request_cut_off_at_shutdown_gets_not_ready():
    async def app(scope, receive, send):
        await asyncio.sleep(60)

    async def check() -> Exchange:
        exchange = Exchange()
        task = asyncio.create_task(exchange.send_to(UnhandledErrors(app)))
        await asyncio.sleep(0.01)
        task.cancel()
        return await task

    exchange = asyncio.run(check())
    assert (exchange.status, json.loads(exchange.body)["code"]) == (503, "not_ready")
    assert exchange.response_headers["retry-after"]
