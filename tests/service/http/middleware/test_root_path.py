"""Below a path of a proxy, requests reach the same routes, whether the proxy removes the path or not."""

import asyncio

import pytest
from asgi import Exchange

from service.http.middleware.root_path import RootPath


def answer(path: str) -> tuple[int, dict[str, str], list[tuple[str, bytes]]]:
    seen: list[tuple[str, bytes]] = []

    async def app(scope, receive, send) -> None:
        seen.append((scope["path"], scope["raw_path"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    exchange = Exchange(path=path)
    asyncio.run(exchange.send_to(RootPath(app, "/iiae")))
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
    ],
)
def test_the_path_of_the_proxy_is_removed_once(sent, received):
    status, _, seen = answer(sent)
    assert (status, seen) == (200, [(received, received.encode())])


def test_the_path_alone_leads_to_the_page():
    status, headers, seen = answer("/iiae")
    assert (status, headers["location"], seen) == (307, "/iiae/", [])
