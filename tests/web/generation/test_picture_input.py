"""Pictures that are dragged to an input."""

from browsing import upload
from playwright.sync_api import Page, expect


def test_result_can_be_dragged_to_an_input(page: Page) -> None:
    page.get_by_role("tab", name="Translate").click()
    page.locator("#translate-image input[type=file]").set_input_files(upload(1))
    expect(page.locator("#translate-results img")).to_have_count(4)
    page.locator("#translate-results li").nth(1).drag_to(page.locator("#translate-reference .well"))
    expect(page.locator("#translate-results img")).to_have_count(1)
    expect(page.get_by_role("button", name="Remove: Style (optional)")).to_be_visible()
