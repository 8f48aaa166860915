"""The OpenAPI document, with what generators and readers need and FastAPI leaves out."""

from collections.abc import Iterator
from typing import cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import JsonValue

from service.errors import ServiceError
from service.http.examples import ANSWERS, REQUESTS
from service.http.problems import OTHER_CODES
from service.http.schemas import Problem

Node = dict[str, JsonValue]

SCHEMAS = "#/components/schemas/"
TAGS = {
    "sbir": "Sketch-based image retrieval: photos by a drawing.",
    "images": "A picture in; pictures of the other domain, a code, or the nearest photos out.",
    "galleries": "Named collections of photos to search.",
    "photos": "The photos of a gallery.",
    "reindex": "A gallery embedded anew by another checkpoint, in the background.",
    "models": "The models that are served.",
    "service": "For operators: is it alive, is it ready, how is it doing.",
}
"""An operation's id is its tag, a dot and a verb, from which clients have `client.sbir.search(...)`."""
KEY: Node = {
    "type": "apiKey",
    "in": "header",
    "name": "X-API-Key",
    "description": "Needed where the service was given keys; writing needs an administrator's.",
}
FAILURE: Node = {
    "description": "What went wrong.",
    "headers": {
        "X-Request-ID": {
            "description": "by which the server's operator finds the request",
            "schema": {"type": "string"},
        },
        "Retry-After": {
            "description": "with 429 and 503: seconds after which another try may succeed",
            "schema": {"type": "integer"},
        },
    },
    "content": {
        "application/problem+json": {"schema": {"$ref": SCHEMAS + "Problem"}, "example": ANSWERS["Problem"]}
    },
}


def install(app: FastAPI) -> None:
    """Makes `app.openapi()` give the document below, once."""

    def document() -> Node:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                license_info=app.license_info,
            )
            app.openapi_schema = completed(made)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way


def completed(made: Node) -> Node:
    """FastAPI's document made whole."""
    components = _node(made["components"])
    schemas = _node(components["schemas"])
    for replaced in ("HTTPValidationError", "ValidationError", "JsonValue"):
        schemas.pop(replaced, None)
    schemas |= _problem()
    named = _node(_renamed(made, {name: name.removesuffix("Out") for name in schemas}))
    components = _node(named["components"])
    schemas = _node(components["schemas"])
    sent = {name for operation in _operations(named) for name in _complete(operation, schemas)}
    tidied: Node = {name: _tidied(schema) for name, schema in sorted(schemas.items()) if name not in sent}
    components |= {"schemas": tidied, "securitySchemes": {"ApiKey": KEY}, "responses": {"Problem": FAILURE}}
    named["servers"] = [{"url": "/", "description": "the server that this document comes from"}]
    named["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    return named


def _node(value: JsonValue) -> Node:
    assert isinstance(value, dict)
    return value


def _operations(made: Node) -> Iterator[Node]:
    for item in _node(made["paths"]).values():
        yield from map(_node, _node(item).values())


def _problem() -> Node:
    """The schemas of a problem, which no route returns; with a table of the codes."""
    schema = Problem.model_json_schema(ref_template=SCHEMAS + "{model}")
    known = {(error.status, error.code, error.title) for error in ServiceError.__subclasses__()} | set(
        OTHER_CODES
    )
    rows = "".join(f"\n| `{code}` | {status} | {title} |" for status, code, title in sorted(known))
    schema["properties"]["code"]["description"] = (
        f"tells problems apart and never changes; more may come\n\n| code | status | when |\n|---|---|---|{rows}"
    )
    return {**schema.pop("$defs"), "Problem": schema}


def _schema_name(media: Node) -> str:
    """What a body's schema is called, if it has a name."""
    return str(_node(media.get("schema", {})).get("$ref", "")).removeprefix(SCHEMAS)


def _renamed(node: JsonValue, names: dict[str, str]) -> JsonValue:
    """The same with other names for schemas."""
    if isinstance(node, list):
        return [_renamed(child, names) for child in node]
    if not isinstance(node, dict):
        return node
    made: Node = {}
    for key, child in node.items():
        if key == "$ref":
            name = str(child).removeprefix(SCHEMAS)
            made[key] = SCHEMAS + names.get(name, name)
        elif key == "schemas":
            made[key] = {
                names.get(name, name): _renamed(schema, names) for name, schema in _node(child).items()
            }
        else:
            made[key] = _renamed(child, names)
    return made


def _complete(operation: Node, schemas: Node) -> set[str]:
    """Says who may call an operation, how it fails and what its bodies look like.

    What is sent is written out where it is used, and the names that it had are returned: fields of a body without a name are arguments
    of a client's call.
    """
    operation["security"] = [{"ApiKey": []}, {}] if "security" in operation else []
    for parameter in map(_node, cast(list[JsonValue], operation.get("parameters", []))):
        parameter["schema"] = _tidied(parameter["schema"], form=True)
    sent = set()
    for media_type, media in _media(operation.get("requestBody", {})):
        sent.add(name := _schema_name(media))
        media |= {
            "schema": _tidied(schemas[name], form=media_type == "multipart/form-data"),
            "example": REQUESTS[str(operation["operationId"])],
        }
    responses = _node(operation["responses"])
    responses.pop("422", None)
    for answer in map(_node, responses.values()):
        for _, media in _media(answer):
            if name := _schema_name(media):
                media["example"] = ANSWERS[name]
                answer["description"] = _node(schemas[name])["description"]
    responses |= {failed: {"$ref": "#/components/responses/Problem"} for failed in ("4XX", "5XX")}
    return sent


def _media(body: JsonValue) -> Iterator[tuple[str, Node]]:
    for media_type, media in _node(_node(body).get("content", {})).items():
        yield media_type, _node(media)


def _tidied(node: JsonValue, *, form: bool = False) -> JsonValue:
    """A schema without what hinders generators.

    Titles made of fields' names are gone, whole numbers are written so, metadata may hold anything. Where bytes go, there is `format: binary`,
    or uploads would be typed as strings. In a `form` nothing can be null: a field is there or it is not; and text that is JSON is an object,
    as which OpenAPI has it sent.
    """
    if isinstance(node, list):
        return [_tidied(child, form=form) for child in node]
    if isinstance(node, float) and node.is_integer():
        return int(node)
    if not isinstance(node, dict):
        return node
    made: Node = {
        key: _tidied(child, form=form)
        for key, child in node.items()
        if not (key == "title" and isinstance(child, str))
    }
    if made.get("contentMediaType") == "application/octet-stream":
        del made["contentMediaType"]
        made["format"] = "binary"
    if made.get("additionalProperties") == {"$ref": SCHEMAS + "JsonValue"}:
        made["additionalProperties"] = True
    if form and made.get("contentMediaType") == "application/json":
        return {"type": "object", "additionalProperties": True, "description": made["description"]}
    options = made.get("anyOf")
    if form and isinstance(options, list) and {"type": "null"} in options:
        del made["anyOf"]
        (wanted,) = (option for option in options if option != {"type": "null"})
        made = _node(wanted) | made
        if made.get("type") == "string" and "format" not in made:
            made.setdefault("examples", [""])  # or /docs would send "string"
    return made
