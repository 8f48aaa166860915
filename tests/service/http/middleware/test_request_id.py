"""Ids of requests."""

import asyncio
import logging
import re

import httpx
import pytest

from service.http.app import create_app
from service.settings import Settings


@pytest.fixture
def get(tmp_path):
    app = create_app(Settings(home=tmp_path, device="cpu"))

    @app.get("/fails")
    async def fails() -> None:
        raise ZeroDivisionError

    def ask(path: str = "/health/live", **headers: str | bytes) -> httpx.Response:
        async def exchange() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.get(path, headers=headers)

        return asyncio.run(exchange())

    return ask


@pytest.mark.parametrize("given", ["a", "Trace_1.2-3", "x" * 64])
def test_harmless_ids_of_clients_are_kept(get, given):
    assert get(**{"X-Request-ID": given}).headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a/b", "\xe9", "<script>", "a\tb"])
def test_other_ids_are_replaced_without_a_log_entry(get, given, caplog):
    with caplog.at_level(logging.WARNING):
        (named,) = get(**{"X-Request-ID": given.encode("latin-1")}).headers.get_list("x-request-id")
    assert re.fullmatch(r"[0-9a-f]{32}", named)
    assert not caplog.records


def test_every_request_gets_another_id(get):
    assert get().headers["x-request-id"] != get().headers["x-request-id"]


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/health/live?a=1", 422), ("/fails", 500)])
def test_problems_have_the_id_of_their_response(get, path, status):
    answer = get(path, **{"X-Request-ID": "mine"})
    assert (answer.status_code, answer.headers["x-request-id"], answer.json()["request_id"]) == (
        status,
        "mine",
        "mine",
    )


def test_no_browser_may_guess_a_content_type(get):
    for path in ("/health/live", "/nowhere", "/fails", "/"):
        assert get(path).headers["x-content-type-options"] == "nosniff"
