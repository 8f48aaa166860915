"""Mistakes in the settings that would leave the service open, and web pages that try to get in."""

import http.client
import subprocess
from pathlib import Path

from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_tiny

OPEN = {"IIAE_HOST": "0.0.0.0", "IIAE_ALLOW_OPEN": "true", "IIAE_ALLOWED_HOSTS": "iiae"}
"""The settings of Compose."""
MISTAKES: dict[str, dict[str, str]] = {
    "no keys on an open address": {"IIAE_ALLOW_OPEN": "false"},
    "an empty key": {"IIAE_API_KEYS": ""},
    "a comma": {"IIAE_API_KEYS": ","},
    "an empty part": {"IIAE_API_KEYS": "0123456789abcdef,"},
    "a command that was not run": {"IIAE_API_KEYS": "$(openssl rand -hex 24)"},
    "a short key": {"IIAE_API_KEYS": "secret"},
    "a key in both lists": {"IIAE_API_KEYS": "0123456789abcdef", "IIAE_ADMIN_KEYS": "0123456789abcdef"},
    "a misspelled variable": {"IIAE_API_KEY": "0123456789abcdef"},
    "an empty list of hosts": {"IIAE_ALLOWED_HOSTS": ""},
}
FOREIGN_HOSTS = (
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "0.0.0.0",
)
PATHS = ("/", "/models", "/galleries", "/metrics", "/openapi.json", "/static/index.html")
KNOWN_HOSTS = ("localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000", "iiae:8000")


def run(trial: Trial) -> list[Row]:
    """Start the service with each mistake, then call an open service as foreign pages do."""
    home = trial.home()
    publish_tiny(home)
    started = [mistake for mistake, settings in MISTAKES.items() if not refuses_to_start(home, settings)]
    with Server(home, shipped_defaults=False, **OPEN) as server:
        server.ready()
        foreign = [status(server, path, {"Host": host}) for host in FOREIGN_HOSTS for path in PATHS]
        known = [status(server, "/models", {"Host": host}) for host in KNOWN_HOSTS]
        posts = [
            server.client.post("/models/reload", headers=headers).status_code
            for headers in (
                {"Origin": "https://evil.example"},
                {"Origin": "null"},
                {"Sec-Fetch-Site": "cross-site"},
            )
        ]
    return [
        Row(
            f"{len(MISTAKES)} mistakes in the settings",
            "the service does not start",
            ", ".join(started) or "none starts",
            not started,
        ),
        Row("names rebound to this machine", "all are refused", counts(foreign), set(foreign) == {403}),
        Row("the names that Compose uses", "all are answered", counts(known), set(known) == {200}),
        Row("writes of other sites' pages", "all are refused", counts(posts), set(posts) == {403}),
    ]


def refuses_to_start(home: Path, settings: dict[str, str]) -> bool:
    """Return whether the service ends with status 2."""
    with Server(home, shipped_defaults=False, **(OPEN | settings)) as server:
        try:
            return server.process.wait(30) == 2
        except subprocess.TimeoutExpired:
            return False


def status(server: Server, path: str, headers: dict[str, str]) -> int:
    """Return the status of a request."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()
