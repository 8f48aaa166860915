"""Every route of the router is called without a key, with a wrong key, and with a key that may only read."""

import re
from collections.abc import Sequence

import httpx
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Route

from benchmarks.chaos.report import Row
from benchmarks.chaos.trial import Trial
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_tiny
from service.http.app import create_app
from service.settings import Settings

READER, ADMIN = "a-readers-key-0123456789", "an-administrators-key-0123456789"
OPEN = {"/", "/health/live", "/health/ready", "/openapi.json", "/docs", "/redoc", "/docs/oauth2-redirect"}
"""Routes that need no key. They say nothing about models, galleries or photos."""
READS = {
    "/translate",
    "/analogy",
    "/embed",
    "/preview",
    "/sbir/search",
    "/retrieve",
    "/search/vector",
}
"""POST routes that change nothing."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def run(trial: Trial) -> list[Row]:
    """Call each path with each method."""
    home = trial.home()
    publish_tiny(home)
    routes = create_app(Settings(home=home, device="cpu")).routes
    calls = [(path, method) for path in protected_paths(routes) for method in METHODS]
    assert len(calls) > 100, "the router was not walked"
    with Server(home, IIAE_API_KEYS=READER, IIAE_ADMIN_KEYS=ADMIN) as server:
        server.ready()
        without = answered(server.client, calls, {})
        wrong = answered(server.client, calls, {"X-API-Key": READER + "x"})
        writes = [(path, method) for path, method in calls if is_write(path, method)]
        reader = answered(server.client, writes, {"X-API-Key": READER})
        log = server.log.read_text()
    name = f"{len(calls)} calls: {len(METHODS)} methods on each path of the router"
    leaked = [key for key in (READER, ADMIN) if key in log]
    return [
        row(name, "none is answered without a key", without),
        row(name, "none is answered with a wrong key", wrong),
        row(name, f"a reader's key does not write ({len(writes)} calls)", reader),
        Row(name, "no key is in the log", f"{len(leaked)} keys found", not leaked),
    ]


def row(name: str, promise: str, calls: list[str]) -> Row:
    """Return the row of calls that got an answer, but should not have."""
    return Row(name, promise, ", ".join(calls[:5]) or "all refused", not calls)


def protected_paths(routes: Sequence[BaseRoute]) -> list[str]:
    """Return the paths that must need a key, with values for their parameters.

    Mounted folders hold only the files of the page.
    """
    values = {"photo_id": "1", "model_id": "tiny"}
    originals = [each.original_route for each in iter_route_contexts(routes)]
    paths = {route.path for route in originals if isinstance(route, Route)} - OPEN
    return sorted(re.sub(r"{(\w+)(:\w+)?}", lambda match: values.get(match[1], "g"), path) for path in paths)


def is_write(path: str, method: str) -> bool:
    """Return whether a call may change something."""
    return method in ("POST", "PUT", "PATCH", "DELETE") and path not in READS


def answered(client: httpx.Client, calls: list[tuple[str, str]], headers: dict[str, str]) -> list[str]:
    """Return the calls whose status is not 401, 403 or 405."""
    found = []
    for path, method in calls:
        status = client.request(method, path, headers=headers).status_code
        if status not in (401, 403, 405):
            found.append(f"{method} {path}: {status}")
    return found
