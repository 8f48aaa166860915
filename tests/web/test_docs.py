"""/docs as a reader uses it: a call is tried with a file, and answered."""

from browsing import upload
from playwright.sync_api import Locator, Page, expect


def tried(page: Page, origin: str, path: str) -> Locator:
    """What a call with a file, and else as the form stands, is answered."""
    page.goto(f"{origin}/docs")
    call = page.locator(".opblock", has=page.locator(f'[data-path="{path}"]'))
    call.locator(".opblock-summary-control").first.click()
    call.locator("input[type=file]").first.set_input_files(upload(1))
    call.locator("button.execute").click()
    return call.locator(".live-responses-table")


def test_a_search_is_tried_with_a_file_and_nothing_else(blank: Page, origin: str) -> None:
    elsewhere: list[str] = []
    blank.on(
        "request",
        lambda request: (
            elsewhere.append(request.url) if not request.url.startswith((origin, "data:", "blob:")) else None
        ),
    )
    answered = tried(blank, origin, "/sbir/search")
    expect(answered.locator("tbody .response-col_status")).to_have_text("200")
    expect(answered).to_contain_text('"gallery": "things"')
    assert elsewhere == []


def test_a_translation_is_tried_with_a_file_and_nothing_else(blank: Page, origin: str) -> None:
    answered = tried(blank, origin, "/translate")
    expect(answered.locator("tbody .response-col_status")).to_have_text("200")
    expect(answered).to_contain_text('"images": [')
