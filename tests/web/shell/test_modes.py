"""The tabs switch between the modes."""

from playwright.sync_api import Page, expect


def test_arrow_keys_switch_tabs(page: Page) -> None:
    page.get_by_role("tab", name="Sketch").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Translate")).to_be_focused()
    expect(page.locator("#translate-mode")).to_be_visible()
    expect(page.locator("#sketch-mode")).to_be_hidden()
