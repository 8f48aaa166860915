"""Without keys, a page of another site reaches the service neither by posting to it nor under a name of its own."""

import asyncio

import pytest
from asgi import Exchange
from serving import png

from service.errors import OriginRefused
from service.http.middleware.same_origin import SameOriginOnly
from service.settings import Settings


async def answers(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def let_in(method: str = "POST", *, settings: Settings | None = None, **headers: str) -> bool:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    exchange = Exchange(method=method, headers=named)
    try:
        asyncio.run(exchange.through(SameOriginOnly(answers, settings or Settings())))
    except OriginRefused:
        return False
    return exchange.status == 200


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, True),  # curl, SDKs
        ({"Origin": "http://localhost:8000"}, True),
        ({"Origin": "https://localhost:8000"}, True),  # behind something that speaks TLS
        ({"Origin": "http://localhost:3000"}, False),
        ({"Origin": "http://localhost"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        (
            {"Sec_Fetch_Site": "same-origin", "Origin": "https://photos.example"},
            True,
        ),  # a proxy gave us another Host
        ({"Sec_Fetch_Site": "none"}, True),
        ({"Sec_Fetch_Site": "same-site", "Origin": "http://localhost:3000"}, False),
        ({"Sec_Fetch_Site": "cross-site"}, False),
    ],
)
def test_pages_of_others_may_read_but_not_write(headers, expected):
    assert (
        let_in("POST", Host="localhost:8000", **headers)
        == let_in("DELETE", Host="localhost:8000", **headers)
        == expected
    )
    assert let_in("GET", Host="localhost:8000", **headers)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "LOCALHOST:1", "127.0.0.1:8000", "[::1]", "[::1]:8000"]
)
def test_this_machines_names_are_answered(host):
    assert let_in("GET", Host=host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8000",
        "0.0.0.0",
        "",
    ],
)
def test_other_names_are_not(host):
    assert not let_in("GET", Host=host)
    assert not let_in("POST", Host=host, Origin=f"http://{host}")
    assert let_in("GET", Host=host, settings=Settings(allow_open=True))
    assert let_in("GET", Host=host, settings=Settings(api_keys="key"))


def test_keys_take_the_place_of_this_and_openness_does_not():
    foreign = {"Host": "photos.example", "Origin": "https://evil.example"}
    assert let_in(settings=Settings(api_keys="key"), **foreign)
    assert let_in(settings=Settings(admin_keys="key"), **foreign)
    assert not let_in(settings=Settings(allow_open=True), **foreign)


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}],
)
def test_a_server_refuses_pages_of_other_sites(client, gallery, headers):
    for answer in (
        client.post("/galleries/noise/photos", files={"image": png(70)}, headers=headers),
        client.post("/models/reload", headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused"), answer.text
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert client.get("/galleries/noise").json()["photos"] == len(gallery)
    assert client.get("/models", headers=headers).status_code == (403 if "Host" in headers else 200)


def test_the_services_own_page_may_post(client):
    headers = {"Origin": str(client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert client.post("/embed", files={"image": png()}, headers=headers).status_code == 200
    del headers["Sec-Fetch-Site"]
    assert client.post("/embed", files={"image": png()}, headers=headers).status_code == 200
