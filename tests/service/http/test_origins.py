"""Pages of other origins: which may call the service, and what they may read."""

import httpx
import pytest
from pydantic import ValidationError
from serving import Server, png, publish_tiny

from service.origins import parse_origins
from service.settings import Settings

SHOP = "https://shop.example.org"
KEY = "key-0123456789abcdef"


def test_origins_are_a_list_without_paths():
    assert parse_origins(f"{SHOP}, HTTP://localhost:3000,*", "X") == (SHOP, "http://localhost:3000", "*")
    for wrong in ("", "shop.example.org", f"{SHOP}/", f"{SHOP},", "null", "https://*.example.org"):
        with pytest.raises(ValueError, match="X has the part"):
            parse_origins(wrong, "X")


def test_every_origin_needs_keys():
    with pytest.raises(ValidationError, match="IIAE_API_KEYS"):
        Settings(cors_origins="*")
    assert Settings(cors_origins="*", api_keys=KEY).cors_origins == ("*",)


@pytest.mark.parametrize(("path", "kept"), [("/iiae", "/iiae"), ("/a/b/", "/a/b"), ("", "")])
def test_a_root_path_may_end_with_a_slash(path, kept):
    assert Settings(root_path=path).root_path == kept


@pytest.mark.parametrize("path", ["iiae", "//x", "/a b", "/a/../b/?", "https://example.org/iiae"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(ValidationError, match="is not a path"):
        Settings(root_path=path)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    publish_tiny(home)
    server = Server(home, IIAE_CORS_ORIGINS=SHOP).ready()
    with httpx.Client(base_url=server.url) as client:
        yield client
    server.stop()


def translate(client, **headers):
    return client.post("/translate", files={"image": ("1.png", png(1))}, headers=headers)


def test_a_listed_origin_may_ask_write_and_read(client):
    asked = client.options(
        "/translate",
        headers={
            "Origin": SHOP,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-api-key",
        },
    )
    assert asked.status_code == 200
    assert asked.headers["Access-Control-Allow-Origin"] == SHOP
    done = translate(client, **{"Origin": SHOP, "Sec-Fetch-Site": "cross-site"})
    assert done.status_code == 200
    assert done.headers["Access-Control-Allow-Origin"] == SHOP
    assert "X-Request-ID" in done.headers["Access-Control-Expose-Headers"]


def test_refusals_can_be_read_too(client):
    refused = client.post("/translate", headers={"Origin": SHOP})
    assert refused.status_code == 422
    assert refused.headers["Access-Control-Allow-Origin"] == SHOP


def test_another_origin_may_neither_write_nor_read(client):
    other = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert translate(client, **other).status_code == 403
    assert "Access-Control-Allow-Origin" not in client.get("/models", headers=other).headers
    asked = client.options("/translate", headers={**other, "Access-Control-Request-Method": "POST"})
    assert "Access-Control-Allow-Origin" not in asked.headers
