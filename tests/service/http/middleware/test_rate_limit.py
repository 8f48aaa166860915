"""Limits over HTTP: who counts as one caller, and what a refusal looks like."""

import asyncio

import pytest
from asgi import Exchange, respond
from serving import Server, png, publish_tiny

from service.http.middleware.rate_limit import ADDRESS_COUNTERS, RateLimit, caller_of
from service.http.rate_limits import RateLimits
from service.http.request_record import record_of

READER, ADMIN = "reader-key-0123456789", "admin-key-0123456789"


def scope(client: str | None = "192.0.2.1", key: str | None = None) -> dict:
    made = Exchange().scope | {"client": (client, 1) if client else None}
    if key:
        record_of(made).key = key
    return made


def test_a_caller_is_a_key_or_an_address():
    assert caller_of(scope(key="app")) == caller_of(scope("192.0.2.9", key="app")) == "key:app"
    assert caller_of(scope("192.0.2.1")) != caller_of(scope("192.0.2.2"))
    assert caller_of(scope("192.0.2.1")) == caller_of(scope("192.0.2.1"))


def test_one_ipv6_network_is_one_caller():
    assert caller_of(scope("2001:db8::1")) == caller_of(scope("2001:db8::ffff:1"))
    assert caller_of(scope("2001:db8::1")) != caller_of(scope("2001:db8:0:1::1"))


def test_any_number_of_addresses_takes_a_bounded_number_of_counters():
    callers = {caller_of(scope(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")) for n in range(50_000)}
    assert len(callers) <= ADDRESS_COUNTERS


@pytest.mark.parametrize("client", [None, "", "junk\r\nX-A: b", "\ud800", "a" * 10_000])
def test_an_unknown_address_is_one_caller(client):
    assert caller_of(scope(client)) == caller_of(scope("junk"))


@pytest.mark.parametrize(
    "path", ["/", "/health/live", "/health/ready", "/static/shell/api.js", "/docs", "/openapi.json"]
)
def test_probes_the_page_and_the_documentation_have_no_limit(path):
    async def app(scope, receive, send) -> None:
        await respond(send)

    limited = RateLimit(app, RateLimits(quota="1/hour"))

    async def run() -> None:
        for _ in range(3):
            assert (await Exchange(path=path).send_to(limited)).status == 200
        statuses = [(await Exchange(path="/models").send_to(limited)).status for _ in range(3)]
        assert statuses == [200, 429, 429]

    asyncio.run(run())


@pytest.fixture(scope="module")
def limited_server(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    publish_tiny(home)
    running = Server(
        home,
        IIAE_API_KEYS=f"one:{READER},two:other-key-0123456789",
        IIAE_ADMIN_KEYS=ADMIN,
        IIAE_QUOTA="5/hour",
        IIAE_RATE_LIMIT="1000/second",
    ).ready()
    yield running
    running.stop()


def test_a_server_refuses_a_caller_without_refusing_others(limited_server):
    client = limited_server.client
    answers = [client.get("/models", headers={"X-API-Key": READER}) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert answers[0].headers["ratelimit-policy"] == '"rate";q=1000;w=1, "quota";q=5;w=3600'
    assert '"quota";r=4;t=' in answers[0].headers["ratelimit"]
    refused = answers[-1]
    assert refused.json()["code"] == "quota_exceeded"
    assert 1 <= int(refused.headers["retry-after"]) <= 3600
    assert refused.headers["x-request-id"] == refused.json()["request_id"]
    assert client.get("/models", headers={"X-API-Key": "other-key-0123456789"}).status_code == 200
    upload = client.post("/embed", files={"image": png(size=600)}, headers={"X-API-Key": READER})
    assert upload.status_code == 429
    assert client.get("/health/ready").status_code == 200
    metrics = client.get("/metrics", headers={"X-API-Key": READER}).text  # although its quota is used up
    assert 'iiae_problems_total{code="quota_exceeded"} 3.0' in metrics


def test_guessed_keys_are_limited_by_address(limited_server):
    answers = [
        limited_server.client.get("/models", headers={"X-API-Key": f"guess-{number}"}) for number in range(8)
    ]
    assert [answer.status_code for answer in answers] == [403] * 5 + [429] * 3
    metrics = limited_server.client.get("/metrics", headers={"X-API-Key": "guess-8"})
    assert metrics.status_code == 429
