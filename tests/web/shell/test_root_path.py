"""The page below a path of a proxy: all its links are relative."""

from pathlib import Path

from browsing import PHOTOS, Served, draw, until
from playwright.sync_api import Page, expect

from service.settings import Settings


def test_the_page_works_below_a_path(home: Path, origin: str, blank: Page) -> None:
    asked: list[str] = []
    blank.on("request", lambda request: asked.append(request.url))
    served = Served(Settings(home=home, root_path="/iiae"))
    below = f"{served.start()}/iiae"
    try:
        blank.goto(below)
        draw(blank, (0.2, 0.2), (0.8, 0.3))
        expect(blank.locator("#hits li")).to_have_count(PHOTOS)
        until(blank, "[...document.querySelectorAll('#hits img')].every((image) => image.naturalWidth > 0)")
        blank.locator("#hits li").first.click()
        until(blank, "document.getElementById('viewer-image').naturalWidth === 48")
        blank.keyboard.press("Escape")
        blank.get_by_role("button", name="Browse").click()
        expect(blank.locator("#browse-photos li")).to_have_count(PHOTOS)
        outside = [url for url in asked if not url.startswith((f"{below}/", "blob:", "data:"))]
        assert outside == [below]  # which is redirected to the page
    finally:
        served.stop()
