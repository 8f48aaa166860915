"""The OpenAPI document: FastAPI's document, completed for client generators and readers."""

from collections.abc import Iterator
from typing import cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import JsonValue
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from service.errors import ServiceError
from service.http.examples import REQUESTS, RESPONSES
from service.http.problems import OTHER_CODES
from service.http.schemas import Problem

Node = dict[str, JsonValue]

PATH = "/openapi.json"
SCHEMAS = "#/components/schemas/"
TAGS = {
    "sbir": "Sketch-based image retrieval: find photos with a sketch.",
    "images": "Translate, combine, embed and retrieve images.",
    "galleries": "Named collections of photos to search.",
    "photos": "The photos of a gallery.",
    "reindex": "Re-embed a gallery with another checkpoint, in the background.",
    "models": "The models that the service runs.",
    "service": "Health probes and metrics.",
}
"""Tags and their descriptions.

An operation id is its tag, a dot and a verb. Clients have methods of these names: `client.sbir.search(...)`.
"""
KEY: Node = {
    "type": "apiKey",
    "in": "header",
    "name": "X-API-Key",
    "description": "API key, required if the service has keys. Changes require an administrator's key.",
}
PROBLEM_RESPONSE: Node = {
    "description": "The request failed.",
    "headers": {
        "X-Request-ID": {
            "description": "Id of the request. Quote it when you report a problem.",
            "schema": {"type": "string"},
        },
        "Retry-After": {
            "description": "Seconds to wait before a retry. Sent with 429, and with 503 if a retry can help.",
            "schema": {"type": "integer"},
        },
        "RateLimit": {
            "description": "Requests left (`r`) of each limit, and seconds until there are more (`t`). "
            "Sent with every response if the service has limits.",
            "schema": {"type": "string"},
        },
    },
    "content": {
        "application/problem+json": {"schema": {"$ref": SCHEMAS + "Problem"}, "example": RESPONSES["Problem"]}
    },
}


def install(app: FastAPI, root_path: str = "") -> None:
    """Make `app.openapi()` return the completed document, and serve it at `PATH`.

    The document is created at its first use in a thread, because this takes 0.3 s. The app must be created
    without an `openapi_url`.

    Args:
        root_path: the path below which a proxy publishes the app, for the document's `servers`.
    """

    def get_document() -> Node:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                license_info=app.license_info,
                servers=[{"url": root_path}] if root_path else None,
            )
            app.openapi_schema = completed(document)
        return app.openapi_schema

    app.openapi = get_document  # type: ignore[method-assign]  # as FastAPI's documentation says

    @app.get(PATH, include_in_schema=False)
    async def openapi_document() -> Response:
        return await run_in_threadpool(lambda: JSONResponse(get_document()))


def completed(document: Node) -> Node:
    """Return FastAPI's document with problems, examples, security and descriptions added."""
    components = _node(document["components"])
    schemas = _node(components["schemas"])
    for unused in ("HTTPValidationError", "ValidationError", "JsonValue"):
        schemas.pop(unused, None)
    schemas |= _problem_schemas()
    document = _node(_renamed(document, {name: name.removesuffix("Out") for name in schemas}))
    components = _node(document["components"])
    schemas = _node(components["schemas"])
    inlined = {name for operation in _operations(document) for name in _complete(operation, schemas)}
    components["schemas"] = {
        name: _simplified(schema) for name, schema in sorted(schemas.items()) if name not in inlined
    }
    components["securitySchemes"] = {"ApiKey": KEY}
    components["responses"] = {"Problem": PROBLEM_RESPONSE}
    document["servers"] = [{"url": "/", "description": "The server of this document."}]
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    return document


def _node(value: JsonValue) -> Node:
    assert isinstance(value, dict)
    return value


def _operations(document: Node) -> Iterator[Node]:
    for item in _node(document["paths"]).values():
        yield from map(_node, _node(item).values())


def _problem_schemas() -> Node:
    """Return the schemas of a problem, with a table of all codes.

    FastAPI omits them, because no route returns a problem.
    """
    schema = Problem.model_json_schema(ref_template=SCHEMAS + "{model}")
    known = {(error.status, error.code, error.title) for error in ServiceError.__subclasses__()} | set(
        OTHER_CODES
    )
    rows = "".join(f"\n| `{code}` | {status} | {title} |" for status, code, title in sorted(known))
    schema["properties"]["code"]["description"] = (
        "Code of the problem. Codes never change; new ones may be added.\n\n"
        f"| code | status | meaning |\n|---|---|---|{rows}"
    )
    return {**schema.pop("$defs"), "Problem": schema}


def _schema_name(media: Node) -> str:
    """Return the name of a body's schema, or an empty string if it has none."""
    return str(_node(media.get("schema", {})).get("$ref", "")).removeprefix(SCHEMAS)


def _renamed(node: JsonValue, names: dict[str, str]) -> JsonValue:
    """Return the node with its schemas renamed."""
    if isinstance(node, list):
        return [_renamed(child, names) for child in node]
    if not isinstance(node, dict):
        return node
    renamed: Node = {}
    for key, child in node.items():
        if key == "$ref":
            name = str(child).removeprefix(SCHEMAS)
            renamed[key] = SCHEMAS + names.get(name, name)
        elif key == "schemas":
            renamed[key] = {
                names.get(name, name): _renamed(schema, names) for name, schema in _node(child).items()
            }
        else:
            renamed[key] = _renamed(child, names)
    return renamed


def _complete(operation: Node, schemas: Node) -> set[str]:
    """Add security, problem responses and examples to an operation, in place.

    Request schemas are moved into the operation. Client generators turn the fields of such a body into
    arguments of the call.

    Returns:
        Names of the schemas that were moved.
    """
    operation["security"] = [{"ApiKey": []}, {}] if "security" in operation else []
    for parameter in map(_node, cast(list[JsonValue], operation.get("parameters", []))):
        parameter["schema"] = _simplified(parameter["schema"], form=True)
    moved = set()
    for media_type, media in _media(operation.get("requestBody", {})):
        moved.add(name := _schema_name(media))
        media |= {
            "schema": _simplified(schemas[name], form=media_type == "multipart/form-data"),
            "example": REQUESTS[str(operation["operationId"])],
        }
    responses = _node(operation["responses"])
    responses.pop("422", None)
    for response in map(_node, responses.values()):
        for _, media in _media(response):
            if name := _schema_name(media):
                media["example"] = RESPONSES[name]
                response["description"] = _node(schemas[name])["description"]
    responses |= {statuses: {"$ref": "#/components/responses/Problem"} for statuses in ("4XX", "5XX")}
    return moved


def _media(body: JsonValue) -> Iterator[tuple[str, Node]]:
    for media_type, media in _node(_node(body).get("content", {})).items():
        yield media_type, _node(media)


def _simplified(node: JsonValue, *, form: bool = False) -> JsonValue:
    """Return a schema without the parts that client generators cannot use.

    - Titles, which FastAPI derives from field names, are removed.
    - Whole numbers are written without a fraction.
    - Metadata may hold any JSON value.
    - Files have `format: binary`. Without it, generators type uploads as strings.
    - A `form` or query has no null: a field is present or absent. Form text that holds JSON becomes
      an object, as OpenAPI describes JSON in a form.
    """
    if isinstance(node, list):
        return [_simplified(child, form=form) for child in node]
    if isinstance(node, float) and node.is_integer():
        return int(node)
    if not isinstance(node, dict):
        return node
    schema: Node = {
        key: _simplified(child, form=form)
        for key, child in node.items()
        if not (key == "title" and isinstance(child, str))
    }
    if schema.get("contentMediaType") == "application/octet-stream":
        del schema["contentMediaType"]
        schema["format"] = "binary"
    if schema.get("additionalProperties") == {"$ref": SCHEMAS + "JsonValue"}:
        schema["additionalProperties"] = True
    if form and schema.get("contentMediaType") == "application/json":
        return {"type": "object", "additionalProperties": True, "description": schema["description"]}
    return _without_null(schema) if form else schema


def _without_null(schema: Node) -> Node:
    """Return the schema of an optional field as the schema of its value."""
    options = schema.get("anyOf")
    if not isinstance(options, list) or {"type": "null"} not in options:
        return schema
    (value,) = (option for option in options if option != {"type": "null"})
    schema = _node(value) | {key: child for key, child in schema.items() if key != "anyOf"}
    if schema.get("type") == "string" and "format" not in schema:
        schema.setdefault("examples", [""])  # otherwise Swagger UI sends the text "string"
    return schema
