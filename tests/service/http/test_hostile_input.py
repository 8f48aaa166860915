"""Hostile names, parameters and header values: every route refuses them with a problem, and none fails."""

import http.client
import json
import re
from urllib.parse import quote

import pytest
from serving import Server, png

from benchmarks.shared.hostile_input import HEADER_VALUES, HEADERS, NAMES, TEXTS, exchange
from service.http.app import create_app
from service.settings import Settings

KEY = "reader-key-0123456789"


@pytest.fixture(scope="module")
def operations(tmp_path_factory) -> list[tuple[str, str]]:
    """Every method and path template of the app."""
    app = create_app(Settings(home=tmp_path_factory.mktemp("empty")))
    paths = app.openapi()["paths"]
    found = [(method.upper(), path) for path, item in paths.items() for method in item]
    assert len(found) > 20
    return found


def check(status: int, headers: http.client.HTTPMessage, body: bytes, method: str = "GET") -> None:
    """Check that an answer is no failure of the service, and that a refusal is a problem."""
    assert status < 500, body
    assert "x-injected" not in headers
    if status not in (400, 431):  # uvicorn's parser refused the request, so no middleware saw it
        assert len(headers.get_all("x-request-id", [])) == 1
    if status >= 400 and method != "HEAD":
        assert headers["content-type"] == "application/problem+json"
        problem = json.loads(body)
        assert problem["status"] == status
        assert problem["code"]


@pytest.mark.parametrize("name", NAMES)
def test_hostile_path_parameters_are_refused(server, operations, name):
    for method, path in operations:
        if "{" not in path:
            continue
        for parameter in re.findall(r"{\w+}", path):
            target = re.sub(r"{\w+}", "1", path.replace(parameter, NAMES[name]))
            status, headers, body = exchange(server.port, method, target)
            check(status, headers, body)
            assert status >= 300, (method, target)
            if 300 <= status < 400:  # an empty name: the path without its last slash is another operation
                assert headers["location"] == f"http://localhost{target.rstrip('/')}"


@pytest.mark.parametrize("name", NAMES)
def test_hostile_query_parameters_are_refused_or_ignored(server, gallery, name):
    (first, *_) = gallery
    for path, parameter in (
        ("/galleries/noise/photos", "after"),
        ("/galleries/noise/photos", "limit"),
        (f"/galleries/noise/photos/{first}", "size"),
        (f"/galleries/noise/photos/{first}/similar", "k"),
        (f"/galleries/noise/photos/{first}/similar", "min_score"),
        ("/galleries/noise", NAMES[name] or "a"),
    ):
        check(*exchange(server.port, "GET", f"{path}?{parameter}={NAMES[name]}"))


@pytest.mark.parametrize(
    ("path", "file", "fields"),
    [
        ("/translate", "image", ("model", "source", "samples", "seed", "mix", "style", "reference")),
        ("/analogy", "image", ("model", "source", "reference_source", "reference")),
        ("/embed", "image", ("model", "source", "kind")),
        ("/sbir/search", "sketch", ("gallery", "k", "expand", "photo", "min_score")),
        ("/retrieve", "image", ("gallery", "k", "source", "min_score")),
        ("/galleries/noise/photos", "image", ("label", "metadata")),
    ],
)
def test_hostile_form_fields_are_refused_or_ignored(server, gallery, path, file, fields):
    for field in fields:
        for text in TEXTS:
            value = text if isinstance(text, bytes) else text.encode()
            parts = [
                f'Content-Disposition: form-data; name="{file}"; filename="a.png"\r\n\r\n'.encode() + png(),
                f'Content-Disposition: form-data; name="{field}"\r\n\r\n'.encode() + value,
            ]
            body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"
            status, headers, answer = exchange(
                server.port, "POST", path, body, Content_Type="multipart/form-data; boundary=b"
            )
            check(status, headers, answer)


@pytest.mark.parametrize("field", ["name", "model", "domain"])
def test_hostile_json_fields_are_refused(server, field):
    for text in ("\u94a6", "\ud800", "\0", "a\r\nX-Injected: yes", "..", "a" * 100_000, "", " ", "/", "CON/"):
        new = {"name": "new", "model": "drawn", "domain": "photo"} | {field: text}
        status, headers, body = exchange(
            server.port, "POST", "/galleries", json.dumps(new).encode(), Content_Type="application/json"
        )
        check(status, headers, body)
        assert status >= 400, text
        reindex = json.dumps({"model": text}).encode()
        check(
            *exchange(
                server.port, "POST", "/galleries/absent/reindex", reindex, Content_Type="application/json"
            )
        )


@pytest.mark.parametrize("name", HEADER_VALUES)
def test_hostile_header_values_are_refused_or_ignored(server, gallery, name):
    (first, *_) = gallery
    for target in ("/models", f"/galleries/noise/photos/{first}", "/static/index.html", "/health/ready"):
        for header in HEADERS:
            check(*exchange(server.port, "GET", target, **{header: HEADER_VALUES[name]}))


@pytest.mark.parametrize("name", HEADER_VALUES)
def test_hostile_header_values_disturb_no_optional_part(keyed_server, name):
    for header in HEADERS:
        values = {"X-API-Key": KEY, header: HEADER_VALUES[name]}
        check(*exchange(keyed_server.port, "GET", "/models?a=%FF", **values))


@pytest.mark.parametrize("value", [b"not a key", "\u94a6".encode(), b"\xff", b"", b"a" * 10_000])
def test_hostile_keys_are_refused(home, value, keyed_server):
    status, headers, body = exchange(keyed_server.port, "GET", "/models", X_API_Key=value)
    check(status, headers, body)
    assert status in (401, 403)


@pytest.fixture(scope="module")
def keyed_server(home):
    """A server with all optional parts: keys, limits, traces and a log in JSON."""
    running = Server(
        home,
        IIAE_API_KEYS=KEY,
        IIAE_RATE_LIMIT="100000/second",
        IIAE_QUOTA="1000000/day",
        IIAE_TRACES_URL="http://127.0.0.1:9",
        IIAE_LOG_JSON="true",
        IIAE_ALLOWED_HOSTS="photos.example.org",
    ).ready()
    yield running
    running.stop()


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "TRACE", "X" * 200])
def test_every_method_has_an_answer(server, operations, method):
    for path in sorted({re.sub(r"{\w+}", "1", path) for _, path in operations}):
        check(*exchange(server.port, method, path), method)


def test_a_request_id_of_a_client_cannot_inject_headers_or_log_lines(server):
    for value in (b"a" * 65, b"a b", b"\xff", quote("a\r\nb").encode(), b'a"b', b"a\x0bb"):
        status, headers, _ = exchange(server.port, "GET", "/health/live", X_Request_ID=value)
        if status == 200:
            assert re.fullmatch(r"[0-9a-f]{32}", headers["x-request-id"])
