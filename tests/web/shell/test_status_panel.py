"""The status panel lists what the service serves."""

from browsing import PHOTOS
from playwright.sync_api import Page, expect


def test_panel_lists_models_and_galleries(page: Page) -> None:
    page.locator("#status-button").click()
    panel = page.locator("#status-panel")
    expect(panel).to_contain_text("small-sketches")
    expect(panel).to_contain_text(f"{PHOTOS} pictures")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
