"""The check of the API key before the body is received."""

import asyncio

import pytest
from asgi import Exchange
from starlette.types import Message

from service.http.app import create_app
from service.settings import Settings


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [("/embed", "", 401), ("/embed", "wrong", 403), ("/galleries", "reader-key-0123456789", 403)],
)
def test_the_body_stays_unread_without_a_sufficient_key(tmp_path, path, key, status):
    app = create_app(
        Settings(
            home=tmp_path, device="cpu", api_keys="reader-key-0123456789", admin_keys="admin-key-0123456789"
        )
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Expect": "100-continue"}
    exchange = Exchange(
        [b"a"], method="POST", path=path, headers=headers | ({"X-API-Key": key} if key else {})
    )
    unread = list[bytes]()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            unread.extend(exchange.unread)  # later the service discards the body
        await exchange.send(message)

    asyncio.run(app(exchange.scope, exchange.receive, send))
    assert (exchange.status, unread) == (status, [b"a"])


def test_the_body_is_read_with_a_sufficient_key(tmp_path):
    app = create_app(
        Settings(
            home=tmp_path, device="cpu", api_keys="reader-key-0123456789", admin_keys="admin-key-0123456789"
        )
    )
    headers = {"Content-Type": "application/json", "X-API-Key": "admin-key-0123456789"}
    exchange = Exchange([b"{"], method="POST", path="/galleries", headers=headers)
    asyncio.run(exchange.send_to(app))
    assert (exchange.status, exchange.unread) == (422, [])
