"""Refusal of requests that would be late: it costs little, and looks like every other response."""

import asyncio
import logging

import httpx
import pytest
from fastapi import FastAPI

from service.http.app import create_app
from service.settings import Settings

KEY = "reader-key-0123456789"


@pytest.fixture
def access_log() -> bool:
    return True


@pytest.fixture
def overloaded(tmp_path, access_log) -> FastAPI:
    """A service with keys, which has not started, and whose model is busy for minutes."""
    keys = {"api_keys": f"phone:{KEY}", "admin_keys": "admin-key-0123456789"}
    app = create_app(Settings(home=tmp_path, access_log=access_log, **keys))
    control = app.state.services.controls.computing
    for _ in range(10_000):
        control.add_work(control.enter("/sbir/search"), 1)
    return app


def send(app: FastAPI, path: str = "/sbir/search", **headers: str) -> httpx.Response:
    async def exchange() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=("10.0.0.9", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.post(path, content=unread(), headers=headers)

    async def unread():
        raise AssertionError("the body was read")
        yield b""

    return asyncio.run(exchange())


def test_refused_before_the_body_is_read(overloaded):
    answer = send(overloaded)
    assert (answer.status_code, answer.json()["code"]) == (429, "overloaded")
    assert int(answer.headers["Retry-After"]) > 1


def test_refusals_have_the_headers_of_all_responses(overloaded):
    answer = send(overloaded, **{"X-Request-ID": "my-id"})
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"] == "my-id"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/problem+json"
    forged = send(overloaded, **{"X-Request-ID": "my id"})
    assert len(forged.headers["X-Request-ID"]) == 32


def test_refusals_are_logged_and_counted(overloaded, caplog):
    caplog.set_level(logging.INFO, "service.access")
    answer = send(overloaded, **{"X-API-Key": KEY})
    (entry,) = [record.access for record in caplog.records if record.name == "service.access"]
    assert (entry.method, entry.path, entry.route) == ("POST", "/sbir/search", "/sbir/search")
    assert (entry.status, entry.problem, entry.bytes) == (429, "overloaded", len(answer.content))
    assert (entry.key, entry.client) == ("phone", "10.0.0.9")
    metrics = overloaded.state.services.telemetry.text().decode()
    assert 'iiae_requests_total{method="POST",route="/sbir/search",status="429"} 1.0' in metrics
    assert 'iiae_problems_total{code="overloaded"} 1.0' in metrics
    assert 'iiae_request_seconds_count{route="/sbir/search"} 1.0' in metrics
    assert 'iiae_admission_refused_total{group="computing"} 1.0' in metrics


@pytest.mark.parametrize("access_log", [False])
def test_refusals_are_not_logged_without_an_access_log(overloaded, caplog):
    caplog.set_level(logging.INFO, "service.access")
    assert send(overloaded).status_code == 429
    assert [record for record in caplog.records if record.name == "service.access"] == []


def test_refused_uploads_have_the_template_as_their_route(overloaded):
    control = overloaded.state.services.controls.adding
    for _ in range(10_000):
        control.add_work(control.enter("/galleries/{name}/photos"), 1)
    assert send(overloaded, "/galleries/mine/photos").status_code == 429
    metrics = overloaded.state.services.telemetry.text().decode()
    assert 'route="/galleries/{name}/photos",status="429"' in metrics


def test_an_operation_that_is_not_overloaded_passes(overloaded):
    with pytest.raises(AssertionError, match="the body was read"):
        send(overloaded, "/galleries/mine/photos", **{"X-API-Key": "admin-key-0123456789"})
