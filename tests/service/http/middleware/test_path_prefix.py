"""Requests reach the same routes below a proxy's path and with the API's version in front."""

import asyncio

import pytest
from asgi import Exchange

from service.http.middleware.path_prefix import PathPrefix


def answer(path: str, root_path: str = "/iiae") -> tuple[int, dict[str, str], list[tuple[str, bytes]]]:
    seen: list[tuple[str, bytes]] = []

    async def app(scope, receive, send) -> None:
        seen.append((scope["path"], scope["raw_path"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    exchange = Exchange(path=path)
    asyncio.run(exchange.send_to(PathPrefix(app, root_path)))
    start = exchange.sent[0]
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, seen


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ("/iiae/models", "/models"),
        ("/models", "/models"),
        ("/iiae/", "/"),
        ("/iiaex/models", "/iiaex/models"),
        ("/iiae/galleries/a%2Fb", "/galleries/a%2Fb"),
        ("/iiae/iiae/x", "/iiae/x"),
        ("/iiae/v1/models", "/models"),
        ("/v1/models", "/models"),
        ("/v1/iiae/models", "/iiae/models"),
        ("/v2/models", "/v2/models"),
        ("/v1", "/v1"),
    ],
)
def test_what_is_in_front_is_removed_once(sent, received):
    status, _, seen = answer(sent)
    assert (status, seen) == (200, [(received, received.encode())])


def test_the_path_alone_leads_to_the_page():
    status, headers, seen = answer("/iiae")
    assert (status, headers["location"], seen) == (307, "/iiae/", [])


def test_without_a_proxys_path_the_version_is_removed_alone():
    assert answer("/v1/models", root_path="")[2] == [("/models", b"/models")]
    assert answer("/models", root_path="")[2] == [("/models", b"/models")]
