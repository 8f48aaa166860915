"""Analogy: two pictures give one result."""

from browsing import upload
from playwright.sync_api import Page, expect


def test_two_pictures_give_one_result(page: Page) -> None:
    page.get_by_role("tab", name="Analogy").click()
    page.locator("#analogy-image input[type=file]").set_input_files(upload(1))
    expect(page.locator("#analogy-empty")).to_be_visible()
    page.locator("#analogy-reference input[type=file]").set_input_files(upload(2))
    expect(page.locator("#analogy-results img")).to_have_count(1)
