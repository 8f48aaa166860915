"""Canvases as PNG files."""

from browsing import PHOTOS, draw
from playwright.sync_api import Page, expect


def test_export_does_not_wait_for_an_idle_browser(page: Page) -> None:
    page.evaluate("""() => {
        const never = () => new Promise(() => {});
        HTMLCanvasElement.prototype.toBlob = OffscreenCanvas.prototype.convertToBlob = never;
    }""")
    draw(page, (0.2, 0.2), (0.8, 0.3), (0.5, 0.8))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
