"""The OpenAPI document, with what generators need and FastAPI leaves out."""

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import JsonValue

from service.schemas import Problem


def install(app: FastAPI) -> None:
    """Makes `app.openapi()` give the document below, once."""

    def document() -> dict[str, JsonValue]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes, license_info=app.license_info)
            made["components"]["schemas"]["Problem"] = Problem.model_json_schema()
            _binary(made)
            _problems(made)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way


def _binary(node: JsonValue) -> None:
    """`format: binary` wherever bytes go, or generators type uploads as strings."""
    if isinstance(node, dict):
        if node.get("contentMediaType") == "application/octet-stream":
            del node["contentMediaType"]
            node["format"] = "binary"
        for child in node.values():
            _binary(child)
    elif isinstance(node, list):
        for child in node:
            _binary(child)


def _problems(made: dict[str, JsonValue]) -> None:
    """Every operation's failures are problems."""
    answer: JsonValue = {
        "description": "what went wrong; `code` is stable",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    paths = made["paths"]
    assert isinstance(paths, dict)
    for item in paths.values():
        assert isinstance(item, dict)
        for operation in item.values():
            assert isinstance(operation, dict)
            responses = operation["responses"]
            assert isinstance(responses, dict)
            responses.pop("422", None)
            responses["4XX"] = responses["5XX"] = answer
    components = made["components"]
    assert isinstance(components, dict)
    schemas = components["schemas"]
    assert isinstance(schemas, dict)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
