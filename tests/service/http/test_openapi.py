"""The OpenAPI document is complete enough for client generators and readers."""

import json
import re
from collections.abc import Iterator

import pytest

from service.errors import ServiceError
from service.http import schemas
from service.http.app import create_app
from service.http.openapi import TAGS
from service.settings import Settings

BINARY = {"type": "string", "format": "binary"}


@pytest.fixture(scope="module")
def document():
    return create_app(Settings()).openapi()


@pytest.fixture(scope="module")
def operations(document):
    return {
        operation["operationId"]: operation
        for item in document["paths"].values()
        for operation in item.values()
    }


def nodes(node: object, where: str = "") -> Iterator[tuple[str, dict[str, object]]]:
    if isinstance(node, dict):
        yield where, node
        for key, child in node.items():
            if key != "example":
                yield from nodes(child, f"{where}/{key}")
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from nodes(child, f"{where}/{index}")


def bodies(operation: dict) -> Iterator[tuple[str, dict]]:
    yield from operation.get("requestBody", {}).get("content", {}).items()
    for answer in operation["responses"].values():
        yield from answer.get("content", {}).items()


def test_the_document_has_version_license_server_and_security(document):
    assert document["openapi"].startswith("3.1")
    assert document["info"]["license"] == {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    assert document["servers"][0]["url"] == "/"
    assert document["components"]["securitySchemes"]["ApiKey"]["name"] == "X-API-Key"


def test_operation_ids_are_a_tag_and_a_verb(document, operations):
    assert len(operations) == sum(len(item) for item in document["paths"].values())
    for name, operation in operations.items():
        tag, _, verb = name.partition(".")
        assert operation["tags"] == [tag]
        assert re.fullmatch(r"[a-z]+", verb), name
    assert (
        {tag["name"] for tag in document["tags"]}
        == {name.partition(".")[0] for name in operations}
        == set(TAGS)
    )


def test_every_field_and_parameter_has_a_description(document, operations):
    fields = [
        (where, name, field)
        for where, node in nodes(document)
        for name, field in node.get("properties", {}).items()
        if where.split("/")[-1] != "properties"
    ]
    assert len(fields) > 60
    assert not [f"{where}.{name}" for where, name, field in fields if not field.get("description")]
    assert not [
        parameter["name"]
        for operation in operations.values()
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]
    assert not [
        name for name, schema in document["components"]["schemas"].items() if not schema.get("description")
    ]


def test_every_json_and_form_body_has_an_example(operations):
    for name, operation in operations.items():
        for media_type, media in bodies(operation):
            assert ("example" in media) == (
                media_type.endswith("json") or media_type == "multipart/form-data"
            ), (name, media_type)


def test_examples_of_responses_are_valid(operations):
    models = {
        name.removesuffix("Out"): model
        for name, model in vars(schemas).items()
        if isinstance(model, type) and issubclass(model, schemas.BaseModel)
    }
    seen = set()
    for operation in operations.values():
        for _, media in bodies(operation):
            if reference := media["schema"].get("$ref"):
                name = reference.rpartition("/")[2]
                assert models[name].model_validate_json(json.dumps(media["example"]), strict=True)
                assert set(media["example"]) == set(models[name].model_fields)
                seen.add(name)
    assert len(seen) > 8


def test_examples_of_requests_use_existing_fields(operations):
    for operation in operations.values():
        for media in operation.get("requestBody", {}).get("content", {}).values():
            schema, example = media["schema"], media["example"]
            assert set(schema.get("required", [])) <= set(example) <= set(schema["properties"])


def test_files_have_the_format_binary(operations):
    form = operations["sbir.search"]["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert form["sketch"]["items"] == BINARY
    assert form["photo"].items() >= BINARY.items()
    for kind in ("png", "webp", "jpeg"):
        assert (
            operations["images.translate"]["responses"]["200"]["content"][f"image/{kind}"]["schema"] == BINARY
        )
    assert operations["photos.get"]["responses"]["200"]["content"] == {"image/*": {"schema": BINARY}}


def test_names_in_paths_have_a_pattern(document):
    patterns = {
        parameter["schema"].get("pattern")
        for item in document["paths"].values()
        for operation in item.values()
        for parameter in operation.get("parameters", [])
        if parameter["name"] in ("name", "model_id")
    }
    assert patterns == {"^[a-z0-9][a-z0-9._-]{0,63}$"}


def test_forms_and_queries_have_no_null(operations):
    for name, operation in operations.items():
        forms = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data", {})
        assert not [
            where
            for where, node in nodes([forms, operation.get("parameters", [])])
            if node.get("type") == "null"
        ], name


def test_every_operation_declares_problems_and_security(document, operations):
    for name, operation in operations.items():
        for status in ("4XX", "5XX"):
            assert operation["responses"][status] == {"$ref": "#/components/responses/Problem"}
        assert "422" not in operation["responses"]
        assert operation["security"] == (
            [] if name in ("service.live", "service.ready") else [{"ApiKey": []}, {}]
        )
    assert list(document["components"]["responses"]["Problem"]["content"]) == ["application/problem+json"]


def test_every_code_is_listed_with_its_status(document):
    listed = dict(
        re.findall(
            r"\| `(\w+)` \| (\d+) \|",
            document["components"]["schemas"]["Problem"]["properties"]["code"]["description"],
        )
    )
    assert {
        error.code: str(error.status) for error in ServiceError.__subclasses__()
    }.items() <= listed.items()


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/nowhere", {}),
        ("PUT", "/models", {}),
        ("POST", "/galleries", {"Content-Type": "multipart/form-data"}),
        ("POST", "/embed", {"Content-Type": "multipart/form-data"}),
    ],
)
def test_codes_of_actual_problems_are_listed(client, document, method, path, headers):
    answer = client.request(method, path, headers=headers).json()
    assert (
        f"| `{answer['code']}` | {answer['status']} |"
        in document["components"]["schemas"]["Problem"]["properties"]["code"]["description"]
    )


def test_the_server_serves_the_document(client, document):
    assert client.get("/openapi.json").json() == document
