"""A service without API keys refuses writes of other sites' pages."""

import asyncio

import pytest
from asgi import Exchange
from serving import png

from service.errors import OriginRefused
from service.http.middleware.same_origin import SameOriginOnly
from service.settings import Settings


async def app(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def accepted(method: str = "POST", *, settings: Settings | None = None, **headers: str) -> bool:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    exchange = Exchange(method=method, headers=named)
    try:
        asyncio.run(exchange.send_to(SameOriginOnly(app, settings or Settings())))
    except OriginRefused:
        return False
    return exchange.status == 200


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, True),  # curl, SDKs
        ({"Origin": "http://localhost:8000"}, True),
        ({"Origin": "https://localhost:8000"}, True),  # behind a proxy with TLS
        ({"Origin": "http://localhost:3000"}, False),
        ({"Origin": "http://localhost"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        (
            {"Sec_Fetch_Site": "same-origin", "Origin": "https://photos.example"},
            True,
        ),  # a proxy replaced the Host
        ({"Sec_Fetch_Site": "none"}, True),
        ({"Sec_Fetch_Site": "same-site", "Origin": "http://localhost:3000"}, False),
        ({"Sec_Fetch_Site": "cross-site"}, False),
    ],
)
def test_pages_of_other_sites_may_read_but_not_write(headers, expected):
    assert (
        accepted("POST", Host="localhost:8000", **headers)
        == accepted("DELETE", Host="localhost:8000", **headers)
        == expected
    )
    assert accepted("GET", Host="localhost:8000", **headers)


def test_other_sites_may_write_with_keys_but_not_to_an_open_service():
    foreign = {"Host": "photos.example", "Origin": "https://evil.example"}
    assert accepted(settings=Settings(api_keys="key-0123456789abcdef"), **foreign)
    assert accepted(settings=Settings(admin_keys="key-0123456789abcdef"), **foreign)
    assert not accepted(settings=Settings(allow_open=True), **foreign)


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_a_server_refuses_pages_of_other_sites(client, gallery, headers):
    for answer in (
        client.post("/galleries/noise/photos", files={"image": png(70)}, headers=headers),
        client.post("/models/reload", headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused"), answer.text
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert client.get("/galleries/noise").json()["photos"] == len(gallery)
    assert client.get("/models", headers=headers).status_code == 200


def test_the_services_own_page_may_post(client):
    headers = {"Origin": str(client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert client.post("/embed", files={"image": png()}, headers=headers).status_code == 200
    del headers["Sec-Fetch-Site"]
    assert client.post("/embed", files={"image": png()}, headers=headers).status_code == 200
