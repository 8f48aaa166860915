"""A page of another origin in the browser: it may call the service if its origin is listed."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from browsing import Served
from playwright.sync_api import Page

from service.settings import Settings

SEARCH = """async (service) => {
    const canvas = new OffscreenCanvas(48, 48);
    canvas.getContext("2d").fillRect(10, 10, 20, 20);
    const form = new FormData();
    form.append("sketch", await canvas.convertToBlob(), "sketch.png");
    const answer = await fetch(`${service}/sbir/search`, {
        method: "POST", body: form, headers: {"X-API-Key": "reader-key-0123456789"},
    });
    return [answer.status, (await answer.json()).gallery, answer.headers.get("X-Request-ID")?.length];
}"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[str]:
    """The origin of another site, with an empty page."""
    (tmp_path / "index.html").write_text("<!doctype html><title>A shop</title>")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_listed_page_searches_and_reads_the_answer(home: Path, origin: str, blank: Page, shop: str) -> None:
    served = Served(Settings(home=home, cors_origins=(shop,)))
    address = served.start()
    try:
        blank.goto(shop)
        status, gallery, request_id = blank.evaluate(SEARCH, address)
        assert (status, gallery) == (200, "things") and request_id > 10
    finally:
        served.stop()


def test_a_page_that_is_not_listed_reads_nothing(origin: str, blank: Page, shop: str) -> None:
    blank.goto(shop)
    with pytest.raises(Exception, match="Failed to fetch"):
        blank.evaluate(SEARCH, origin)
