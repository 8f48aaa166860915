"""The page /docs: "Try it out" works with a file and the default values."""

from browsing import upload
from playwright.sync_api import Locator, Page, expect


def try_out(page: Page, origin: str, path: str) -> Locator:
    """Send a call with a file and the form's default values; return its answer."""
    page.goto(f"{origin}/docs")
    call = page.locator(".opblock", has=page.locator(f'[data-path="{path}"]'))
    call.locator(".opblock-summary-control").first.click()
    call.locator("input[type=file]").first.set_input_files(upload(1))
    call.locator("button.execute").click()
    return call.locator(".live-responses-table")


def test_search_can_be_tried_out_without_other_hosts(blank: Page, origin: str) -> None:
    external: list[str] = []
    blank.on(
        "request",
        lambda request: (
            external.append(request.url) if not request.url.startswith((origin, "data:", "blob:")) else None
        ),
    )
    answer = try_out(blank, origin, "/sbir/search")
    expect(answer.locator("tbody .response-col_status")).to_have_text("200")
    expect(answer).to_contain_text('"gallery": "things"')
    assert external == []


def test_translation_can_be_tried_out(blank: Page, origin: str) -> None:
    answer = try_out(blank, origin, "/translate")
    expect(answer.locator("tbody .response-col_status")).to_have_text("200")
    expect(answer).to_contain_text('"images": [')
