"""The service answers only to known host names, so DNS rebinding gets nothing."""

import asyncio
import http.client
import socket

import pytest
from asgi import Exchange, respond
from serving import Server

from service.errors import OriginRefused
from service.http.middleware.allowed_hosts import AllowedHosts
from service.settings import Settings

KEY = "key-0123456789abcdef"
FOREIGN = [
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "127.0.0.1.evil.example:8000",
    "evil.example#localhost",
    "localhost@evil.example",
    "0.0.0.0",
    "192.168.0.1",
    "",
]


async def app(scope, receive, send) -> None:
    await respond(send)


def accepted(host: str | None, path: str = "/models", **settings: object) -> bool:
    exchange = Exchange(path=path, headers={} if host is None else {"Host": host})
    try:
        asyncio.run(exchange.send_to(AllowedHosts(app, Settings(**settings))))
    except OriginRefused:
        return False
    return exchange.status == 200


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LOCALHOST:1",
        "localhost.",
        "127.0.0.1:8000",
        "[::1]",
        "[::1]:8000",
        None,
    ],
)
def test_loopback_hosts_are_always_accepted(host):
    assert accepted(host)
    assert accepted(host, allowed_hosts="photos.example.org", api_keys=KEY)


@pytest.mark.parametrize("host", FOREIGN)
def test_other_hosts_are_refused_by_open_services_too(host):
    assert not accepted(host)
    assert not accepted(host, allow_open=True)
    assert not accepted(host, allow_open=True, allowed_hosts="photos.example.org")
    assert not accepted(host, allowed_hosts="photos.example.org", api_keys=KEY)


def test_listed_hosts_are_accepted():
    for settings in ({}, {"allow_open": True}, {"api_keys": KEY}):
        assert accepted("Photos.Example.org:8000", allowed_hosts="iiae,photos.example.org", **settings)


@pytest.mark.parametrize("host", FOREIGN)
def test_a_service_with_keys_accepts_any_host_unless_a_list_is_set(host):
    assert accepted(host, api_keys=KEY)


def test_probes_are_answered_to_every_host():
    assert accepted("10.1.2.3:8000", "/health/live")
    assert accepted("10.1.2.3:8000", "/health/ready")
    assert not accepted("10.1.2.3:8000", "/health/live/more")


@pytest.fixture(scope="module")
def open_server(home):
    """A service as Compose starts it."""
    running = Server(home, IIAE_HOST="0.0.0.0", IIAE_ALLOW_OPEN="true", IIAE_ALLOWED_HOSTS="iiae").ready()
    yield running
    running.stop()


def status(server: Server, head: str) -> int:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("GET /models HTTP/1.1\nHost: localhost:8000", 200),
        ("GET /metrics HTTP/1.1\nHost: iiae:8000", 200),  # Prometheus
        ("GET /models HTTP/1.0", 200),
        ("GET /models HTTP/1.1\nHost: evil.example", 403),
        ("GET / HTTP/1.1\nHost: evil.example", 403),
        ("GET /static/shell/api.js HTTP/1.1\nHost: evil.example", 403),
        ("GET /health/ready HTTP/1.1\nHost: evil.example", 200),
        ("HEAD /models HTTP/1.1\nHost: evil.example", 403),
        ("OPTIONS /models HTTP/1.1\nHost: evil.example", 403),
        ("GET /models HTTP/1.1\nHost: localhost\nHost: evil.example", 403),
        ("GET /models HTTP/1.1\nHost: localhost\nX-Forwarded-Host: evil.example", 200),
        ("GET /models HTTP/1.1\nHost: evil.example\nX-Forwarded-Host: localhost", 403),
        ("GET http://localhost/models HTTP/1.1\nHost: evil.example", 403),
        ("GET http://evil.example/models HTTP/1.1\nHost: evil.example", 403),
        (
            "GET /models HTTP/1.1\nHost: evil.example\nConnection: Upgrade\nUpgrade: websocket\n"
            "Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            403,
        ),
        ("GET /models HTTP/1.1\nHost: evil.example\nConnection: Upgrade, HTTP2-Settings\nUpgrade: h2c", 403),
    ],
)
def test_an_open_server_answers_to_known_hosts_only(open_server, head, expected):
    assert status(open_server, head) == expected


def test_a_preflight_of_another_site_gets_no_permission(open_server):
    answer = open_server.client.options(
        "/galleries", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]
