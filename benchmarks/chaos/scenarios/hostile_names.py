"""Hostile names in every path, hostile texts in every form field, hostile values in every header."""

import json
import re

from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.shared.hostile_input import HEADER_VALUES, HEADERS, NAMES, TEXTS, exchange
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_sketch, publish_tiny

PROMISE = "each is refused or ignored: no 5xx, no injected header"
FORMS = {
    "/translate": ("image", ("model", "source", "samples", "seed", "mix", "style", "reference")),
    "/analogy": ("image", ("model", "source", "reference_source", "reference")),
    "/embed": ("image", ("model", "source", "kind")),
    "/sbir/search": ("sketch", ("gallery", "k", "expand", "photo", "min_score")),
    "/retrieve": ("image", ("gallery", "k", "source")),
    "/galleries/g/photos": ("image", ("label", "metadata")),
}
Result = tuple[int, bool]
"""The status of an answer, and whether it has a header that the request injected."""


def run(trial: Trial) -> list[Row]:
    """Send each hostile value to each place that takes one."""
    home = trial.home()
    publish_tiny(home)
    publish_sketch(home)
    with Server(home) as server:
        server.ready()
        server.client.post("/galleries", json={"name": "g", "model": "drawn"}).raise_for_status()
        files = {"image": png()}
        server.client.post("/galleries/g/photos", files=files).raise_for_status()
        document = server.client.get("/openapi.json").raise_for_status().json()
        operations = [(method.upper(), path) for path, item in document["paths"].items() for method in item]
        return [
            row("hostile names in paths", in_paths(server.port, operations)),
            row("hostile texts in form fields", in_forms(server.port)),
            row("hostile texts in file names", in_file_names(server.port)),
            row("hostile header values", in_headers(server.port, operations)),
        ]


def row(scenario: str, results: list[Result]) -> Row:
    """Return the row of some answers."""
    statuses, injected = [status for status, _ in results], sum(each for _, each in results)
    return Row(
        f"{scenario}, {len(results):,} requests",
        PROMISE,
        f"{counts(statuses)}; {injected} injected",
        max(statuses) < 500 and not injected,
    )


def send(port: int, method: str, target: str, body: bytes = b"", **headers: str | bytes) -> Result:
    """Send one request."""
    status, answered, _ = exchange(port, method, target, body, **headers)
    return status, "x-injected" in answered


def in_paths(port: int, operations: list[tuple[str, str]]) -> list[Result]:
    """Put each name in each parameter of each path."""
    targets = [
        (method, re.sub(r"{\w+}", "1", path.replace(parameter, name)))
        for method, path in operations
        for parameter in re.findall(r"{\w+}", path)
        for name in NAMES.values()
    ]
    return [send(port, method, target) for method, target in targets]


def in_forms(port: int) -> list[Result]:
    """Put each text in each form field."""
    results = []
    for path, (file, fields) in FORMS.items():
        picture = f'Content-Disposition: form-data; name="{file}"; filename="a.png"\r\n\r\n'.encode() + png()
        for field in fields:
            for text in TEXTS:
                value = text if isinstance(text, bytes) else text.encode()
                part = f'Content-Disposition: form-data; name="{field}"\r\n\r\n'.encode() + value
                results.append(post_form(port, path, [picture, part]))
    for text in TEXTS:
        if isinstance(text, str):
            for body in ({"name": text, "model": "drawn"}, {"name": "new", "model": text}):
                data = json.dumps(body).encode()
                results.append(send(port, "POST", "/galleries", data, Content_Type="application/json"))
    return results


def in_file_names(port: int) -> list[Result]:
    """Upload a picture with each text as its file name."""
    results = []
    for text in TEXTS:
        name = (text if isinstance(text, bytes) else text.encode())[:10_000]
        part = b'Content-Disposition: form-data; name="image"; filename="' + name + b'"\r\n\r\n' + png()
        results += [post_form(port, path, [part]) for path in ("/embed", "/galleries/g/photos")]
    return results


def in_headers(port: int, operations: list[tuple[str, str]]) -> list[Result]:
    """Put each value in each header."""
    paths = [path for method, path in operations if method == "GET" and "{" not in path]
    paths += ["/galleries/g/photos/1", "/static/index.html"]
    return [
        send(port, "GET", path, **{header: value})
        for path in paths
        for header in HEADERS
        for value in HEADER_VALUES.values()
    ]


def post_form(port: int, path: str, parts: list[bytes]) -> Result:
    """Send a multipart form."""
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"
    return send(port, "POST", path, body, Content_Type="multipart/form-data; boundary=b")
