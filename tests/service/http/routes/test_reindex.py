"""The routes of a reindex: its progress as JSON, problems and keys."""

import asyncio

import pytest
from asgi import Exchange
from serving import png

from service.http.app import create_app
from service.settings import Settings


@pytest.fixture
def gallery(client):
    """The path of the reindex of the new gallery `g`."""
    client.post("/galleries", json={"name": "g", "model": "tiny"}).raise_for_status()
    yield "/galleries/g/reindex"
    client.delete("/galleries/g").raise_for_status()


def test_a_reindex_that_cannot_begin_is_refused_with_a_reason(client, gallery):
    for method, body, status, code in (
        ("GET", None, 404, "reindex_not_found"),
        ("DELETE", None, 404, "reindex_not_found"),
        ("POST", {"model": "none"}, 404, "model_not_found"),
        ("POST", {"model": "../x"}, 422, "name_invalid"),
        ("POST", {"model": 7}, 422, "parameter_invalid"),
        ("POST", {"model": "mnist-cdcb"}, 422, "domain_unknown"),
    ):
        answer = client.request(method, gallery, **({} if body is None else {"json": body}))
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert client.post("/galleries/nothing/reindex").json()["code"] == "gallery_not_found"


def test_an_up_to_date_gallery_is_done_at_once(client, gallery):
    client.post("/galleries/g/photos", files=[("image", png(seed)) for seed in range(3)]).raise_for_status()
    answer = client.post(gallery)
    assert (answer.status_code, answer.headers["location"]) == (202, gallery)
    started = answer.json()
    assert (started["state"], started["done"], started["total"], started["failed"]) == ("done", 3, 3, [])
    assert (started["model"], started["digest"]) == ("tiny", client.get("/models/tiny").json()["digest"])
    assert client.get(gallery).json() == started


@pytest.mark.parametrize(("method", "is_allowed"), [("GET", True), ("POST", False), ("DELETE", False)])
def test_only_an_administrators_key_starts_or_cancels_a_reindex(tmp_path, method, is_allowed):
    app = create_app(
        Settings(
            home=tmp_path, device="cpu", api_keys="reader-key-0123456789", admin_keys="admin-key-0123456789"
        )
    )
    exchange = Exchange(
        method=method, path="/galleries/g/reindex", headers={"X-API-Key": "reader-key-0123456789"}
    )
    asyncio.run(exchange.send_to(app))
    assert exchange.status == (503 if is_allowed else 403)  # the app was not started
