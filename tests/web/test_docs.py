"""/docs as a reader uses it: a call is tried with a file, and answered."""

from browsing import upload
from playwright.sync_api import Page, expect


def test_a_search_is_tried_with_a_file_and_nothing_else(blank: Page, origin: str) -> None:
    elsewhere: list[str] = []
    blank.on("request", lambda request: elsewhere.append(request.url) if not request.url.startswith((origin, "data:", "blob:")) else None)
    blank.goto(f"{origin}/docs")
    call = blank.locator(".opblock", has=blank.locator('[data-path="/sbir/search"]'))
    call.locator(".opblock-summary-control").first.click()
    call.locator("input[type=file]").first.set_input_files(upload(1))
    call.locator("button.execute").click()
    answered = call.locator(".live-responses-table")
    expect(answered.locator("tbody .response-col_status")).to_have_text("200")
    expect(answered).to_contain_text('"gallery": "things"')
    assert elsewhere == []
