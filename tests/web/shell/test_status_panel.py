"""The status panel lists what the service serves."""

from browsing import PHOTOS
from playwright.sync_api import Page, Route, expect


def test_panel_lists_models_and_galleries(page: Page) -> None:
    page.locator("#status-button").click()
    panel = page.locator("#status-panel")
    expect(panel).to_contain_text("small-sketches")
    expect(panel).to_contain_text(f"{PHOTOS} pictures")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_service_that_does_not_answer_is_shown_as_unreachable(page: Page) -> None:

    def hold(route: Route) -> None:
        """Answer nothing."""

    page.add_init_script(
        "AbortSignal.timeout = ((make) => () => make.call(AbortSignal, 300))(AbortSignal.timeout);"
    )
    page.route("**/models", hold)
    page.reload()
    expect(page.locator("#status-text")).to_have_text("Not reachable")
    page.locator("#status-button").click()
    expect(page.locator("#status-panel")).to_contain_text("The service does not answer.")
    page.unroute("**/models")
    expect(page.locator("#status-text")).to_have_text("Ready")  # the next poll finds it again
