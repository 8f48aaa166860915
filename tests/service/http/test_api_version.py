"""The version of the API: in paths, in answers, and in the clients."""

from pathlib import Path

import httpx
import pytest
from serving import Server, png, publish_tiny

from service.http.api_version import API_VERSION, HEADER, other_version

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    publish_tiny(home)
    server = Server(home).ready()
    with httpx.Client(base_url=server.url) as client:
        yield client
    server.stop()


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_calls_have_the_same_answers_with_and_without_the_version(client, prefix):
    models = client.get(f"{prefix}/models")
    assert models.json() == client.get("/models").json()
    assert models.headers[HEADER] == API_VERSION
    translated = client.post(f"{prefix}/translate", files={"image": ("1.png", png(1))})
    assert translated.status_code == 200
    assert client.get(f"{prefix}/nowhere").headers[HEADER] == API_VERSION


def test_another_version_is_refused_with_the_right_one(client):
    refused = client.get("/v2/models")
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert "version 1 of the API, not 2; call /v1/" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("path", "other"),
    [("/v2/models", "2"), ("/v2", "2"), ("/v1/models", None), ("/video", None), ("/models", None)],
)
def test_only_a_version_is_a_version(path, other):
    assert other_version(path) == other


def test_the_clients_are_of_this_version():
    for file in ("python/templates/client.py.jinja", "typescript/src/index.ts"):
        assert f'API_VERSION = "{API_VERSION}"' in (ROOT / "clients" / file).read_text()
