"""One log entry for each request: who called what, with which result, and never a key."""

import asyncio
import json
import logging
import socket

import pytest
from asgi import Exchange, respond
from serving import Server, png, publish_tiny

from service.http.middleware.access_log import AccessLog
from service.http.middleware.head_as_get import HeadAsGet

READER = "reader-key-0123456789"


class Route:
    def __init__(self, path: str) -> None:
        self.path = path


def entries(caplog, app, exchange: Exchange) -> list[logging.LogRecord]:
    caplog.set_level(logging.DEBUG, "service.access")
    asyncio.run(exchange.send_to(HeadAsGet(AccessLog(app))))
    return [record for record in caplog.records if record.name == "service.access"]


def test_an_entry_has_status_size_and_route(caplog):
    async def app(scope, receive, send) -> None:
        scope["route"] = Route("/galleries/{name}")
        await respond(send, 404, b"12345")

    (entry,) = entries(caplog, app, Exchange(method="HEAD", path="/galleries/a%0Ab"))
    assert (entry.access.method, entry.access.path) == ("HEAD", "/galleries/a%0Ab")
    assert (entry.access.route, entry.access.status, entry.access.bytes) == ("/galleries/{name}", 404, 5)
    assert (entry.access.client, entry.access.key, entry.access.problem) == ("127.0.0.1", None, None)
    assert 0 <= entry.access.seconds < 5


def test_a_request_without_a_response_is_a_disconnect(caplog):
    async def app(scope, receive, send) -> None:
        pass

    (entry,) = entries(caplog, app, Exchange())
    assert entry.access.status == 499


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
def test_probes_and_metrics_are_logged_at_debug(caplog, path):
    async def app(scope, receive, send) -> None:
        scope["route"] = Route(path)
        await respond(send)

    (entry,) = entries(caplog, app, Exchange())
    assert entry.levelno == logging.DEBUG


@pytest.fixture(scope="module")
def own_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    publish_tiny(home)
    return home


def test_a_server_logs_requests_with_the_name_of_the_key(own_home):
    server = Server(
        own_home, IIAE_API_KEYS=f"app:{READER}", IIAE_ADMIN_KEYS="admin-key-0123456789", IIAE_LOG_JSON="true"
    ).ready()
    headers = {"X-API-Key": READER, "X-Request-ID": "my-id"}
    try:
        server.client.post("/embed?secret=1", files={"image": png()}, headers=headers)
        server.client.get("/models", headers={"X-API-Key": "wrong-key-0123456789"})
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(b"GET /models/%C3%A9%0a?b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            while connection.recv(10_000):
                pass
    finally:
        server.stop()
    log = server.log.read_text()
    assert READER not in log
    assert "wrong-key" not in log
    lines = [json.loads(line) for line in log.splitlines()]
    access = [line for line in lines if line["logger"] == "service.access"]
    assert [
        (line["method"], line["path"], line["route"], line["status"], line["key"], line["problem"])
        for line in access
    ] == [
        ("POST", "/embed", "/embed", 422, "app", "parameter_invalid"),
        ("GET", "/models", "/models", 403, None, "key_refused"),
        ("GET", "/models/%C3%A9%0a", "/models/{model_id}", 401, None, "key_missing"),
    ]
    assert access[0]["request_id"] == "my-id"
    assert access[0]["client"] == "127.0.0.1"
    assert access[0]["bytes"] > 100


def test_the_access_log_can_be_switched_off(own_home):
    server = Server(own_home, IIAE_ACCESS_LOG="false").ready()
    server.client.get("/models")
    server.stop()
    assert "service.access" not in server.log.read_text()
