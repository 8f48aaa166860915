"""The browser's own cache: it shows no picture of a deleted gallery, and does not fetch a picture twice."""

import httpx
from browsing import png
from playwright.sync_api import Page

FETCH = """async (url) => {
    const response = await fetch(url);
    return [response.status, response.status === 200 ? (await response.arrayBuffer()).byteLength : 0];
}"""


def remake(client: httpx.Client, size: int) -> str:
    """Make a gallery with one photo, in place of the old one. Return the photo's URL."""
    client.delete("/galleries/remade")
    client.post("/galleries", json={"name": "remade", "model": "small-images"}).raise_for_status()
    added = client.post("/galleries/remade/photos", files={"image": png(1, size)}).raise_for_status()
    return str(added.json()["photos"][0]["url"])


def test_a_remade_gallery_shows_its_new_pictures(page: Page, origin: str) -> None:
    with httpx.Client(base_url=origin, timeout=30) as client:
        try:
            first = remake(client, 32)
            plain = first.partition("?")[0]
            before = [page.evaluate(FETCH, url) for url in (first, plain)]
            second = remake(client, 40)
            after = [page.evaluate(FETCH, url) for url in (second, plain)]
            assert before == [[200, len(png(1, 32))]] * 2
            assert after == [[200, len(png(1, 40))]] * 2
            assert client.get(first).status_code == 404
        finally:
            client.delete("/galleries/remade")


def test_a_picture_is_fetched_once(page: Page, origin: str) -> None:
    with httpx.Client(base_url=origin, timeout=30) as client:
        [photo] = client.get("/galleries/things/photos?limit=1").json()["photos"]
    script = """async (url) => {
        for (let i = 0; i < 2; i++) await (await fetch(url)).arrayBuffer();
        return performance.getEntriesByName(new URL(url, location)).map((entry) => entry.transferSize > 0);
    }"""
    assert page.evaluate(script, f"{photo['url']}&size=thumbnail") == [True, False]
