"""Names that an operation does not have are refused on every operation, with the names that it has."""

import asyncio
import re

import httpx
import pytest
from serving import png

from service.http.app import create_app
from service.settings import Settings

DOCUMENT = create_app(Settings()).openapi()
OPERATIONS = {
    operation["operationId"]: (method, path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
WITH_BODY = [name for name, (_, _, operation) in OPERATIONS.items() if "requestBody" in operation]


def body_schema(operation: dict) -> tuple[str, dict]:
    [(media_type, media)] = operation["requestBody"]["content"].items()
    return media_type, media["schema"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_unknown_query_parameter_is_refused(client, gallery, name):
    method, path, operation = OPERATIONS[name]
    answer = client.request(method, re.sub(r"\{\w+\}", "1", path), params={"lable": "guitar"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "parameter_invalid"), problem
    assert problem["errors"][0]["field"] == "lable"
    for parameter in operation.get("parameters", []):
        assert (parameter["name"] in problem["detail"]) == (parameter["in"] == "query")


@pytest.mark.parametrize("name", WITH_BODY)
def test_an_unknown_field_is_refused_with_the_accepted_names(client, gallery, name):
    method, path, operation = OPERATIONS[name]
    media_type, schema = body_schema(operation)
    known = list(schema["properties"])
    if media_type == "application/json":
        body = {"json": {"lable": "guitar"}}
    else:
        body = {"files": {"lable": png()}, "data": {"tags": "a"}}
    answer = client.request(method, re.sub(r"\{\w+\}", "1", path), **body)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "parameter_invalid"), problem
    faults = {fault["field"]: fault["message"] for fault in problem["errors"]}
    assert all(field in faults["lable"] for field in known), faults
    assert ("tags" in faults) == ("files" in body)


def test_a_repeated_query_parameter_is_refused(client, gallery):
    answer = client.get(f"/galleries/noise/photos/{gallery[0]}/similar?k=1&k=2")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "k")


def test_a_repeated_key_of_a_json_body_is_refused(client):
    answer = client.post(
        "/galleries",
        content=b'{"name": "twice", "model": "tiny", "name": "other"}',
        headers={"content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "body_unreadable")
    assert "'name' occurs twice" in answer.json()["detail"]


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - {"service.live", "service.ready"}))
def test_the_accepted_names_are_told_only_to_clients_with_a_key(tmp_path, name):
    method, path, _ = OPERATIONS[name]
    app = create_app(Settings(home=tmp_path, device="cpu", api_keys="reader-key-0123456789"))

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, re.sub(r"\{\w+\}", "1", path), params={"lable": "guitar"})

    assert asyncio.run(ask()).json()["code"] == "key_missing"
