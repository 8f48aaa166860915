"""Which key allows which operation."""

import asyncio
import json
import re
from types import SimpleNamespace

import pytest
from asgi import Exchange

from service.errors import KeyMissing, KeyRefused
from service.http.app import create_app
from service.http.security import READ, WRITE, Caller, check_key, find_caller
from service.settings import Settings

PUBLIC, READING, WRITING = (SimpleNamespace(dependencies=found) for found in ([], READ, WRITE))


def services(tmp_path, **keys: str) -> SimpleNamespace:
    return SimpleNamespace(settings=Settings(home=tmp_path, **keys))


READER, OTHER_READER, ADMIN = "reader-0123456789", "reader-9876543210", "admin-0123456789"


@pytest.mark.parametrize(
    ("key", "reading", "writing"),
    [
        (None, KeyMissing, KeyMissing),
        ("", KeyRefused, KeyRefused),
        ("reader", KeyRefused, KeyRefused),
        (READER, None, KeyRefused),
        (OTHER_READER, None, KeyRefused),
        (f"{READER},{OTHER_READER}", KeyRefused, KeyRefused),
        (f"app:{OTHER_READER}", KeyRefused, KeyRefused),
        (ADMIN, None, None),
        ("schl\xfcssel", KeyRefused, KeyRefused),
        ("\ud800", KeyRefused, KeyRefused),
    ],
)
def test_keys_allow_to_read_and_administrators_keys_to_write(tmp_path, key, reading, writing):
    keyed = services(tmp_path, api_keys=f"{READER},app:{OTHER_READER}", admin_keys=ADMIN)
    check_key(PUBLIC, keyed, key)
    for route, error in ((READING, reading), (WRITING, writing)):
        if error is None:
            check_key(route, keyed, key)
        else:
            with pytest.raises(error):
                check_key(route, keyed, key)


def test_a_caller_is_known_by_the_name_of_its_key(tmp_path):
    settings = services(tmp_path, api_keys=f"{READER},app:{OTHER_READER}", admin_keys=ADMIN).settings
    callers = [find_caller(settings, key) for key in (READER, OTHER_READER, ADMIN, "wrong", None)]
    assert callers == [Caller("key-1", False), Caller("app", False), Caller("admin-1", True), None, None]


def test_a_service_without_keys_requires_none(tmp_path):
    for key in (None, "any"):
        check_key(WRITING, services(tmp_path), key)


def test_without_administrators_keys_nothing_can_be_written(tmp_path):
    with pytest.raises(KeyRefused, match="administrator"):
        check_key(WRITING, services(tmp_path, api_keys=READER), READER)


OPEN = {("get", "/health/live"), ("get", "/health/ready")}
COMPUTING = {"/preview", "/search/vector", "/translate", "/analogy", "/embed", "/sbir/search", "/retrieve"}
"""Paths of POST operations that change nothing."""
EXPORT = "/galleries/{name}/export"
"""It changes nothing, but reads everything: only administrators may."""


def test_every_operation_checks_the_key_before_anything_else(tmp_path):
    app = create_app(Settings(home=tmp_path, device="cpu", api_keys=READER, admin_keys=ADMIN))

    def code(method: str, path: str, key: str | None) -> str:
        headers = {} if key is None else {"X-API-Key": key}
        exchange = Exchange(method=method.upper(), path=re.sub(r"{\w+}", "1", path), headers=headers)
        asyncio.run(exchange.send_to(app))
        return json.loads(exchange.body).get("code", "") if exchange.body.startswith(b"{") else ""

    operations = {(method, path) for path, item in app.openapi()["paths"].items() for method in item}
    assert len(operations) > 20
    for method, path in operations:
        for_administrators = path == EXPORT or (method != "get" and path not in COMPUTING)
        found = [code(method, path, key) for key in (None, "unknown", READER)]
        if (method, path) in OPEN:
            assert not set(found) & {"key_missing", "key_refused"}, path
        else:
            assert found[:2] == ["key_missing", "key_refused"], (method, path, found)
            assert (found[2] == "key_refused") == for_administrators, (method, path, found)


def test_a_key_is_not_accepted_in_the_query_or_another_header(tmp_path):
    app = create_app(Settings(home=tmp_path, device="cpu", api_keys=READER))
    for headers in ({"Authorization": f"Bearer {READER}"}, {"Cookie": f"X-API-Key={READER}"}):
        exchange = Exchange(path="/models", headers=headers)
        asyncio.run(exchange.send_to(app))
        assert exchange.status == 401
