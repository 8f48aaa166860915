"""Links restore drawings, gallery and hits; damaged links are reported."""

import pytest
from browsing import PHOTOS, draw, ink, settled, until, upload
from playwright.sync_api import BrowserContext, Page, expect

RECORD_SKETCHES = """() => {
    const send = window.fetch;
    const bytes = async (file) => [...new Uint8Array(await file.arrayBuffer())];
    window.sent = [];
    window.fetch = async (path, options) => {
        if (path === "sbir/search") sent.push(await Promise.all(options.body.getAll("sketch").map(bytes)));
        return send(path, options);
    };
}"""
"""Script that makes the page record the pictures of each search, in `sent`."""


def copied_link(page: Page) -> str:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#copy-link")).to_have_text("Copied")
    return str(page.evaluate("navigator.clipboard.readText()"))


def open_link(context: BrowserContext, link: str) -> Page:
    page = context.new_page()
    page.add_init_script(f"({RECORD_SKETCHES})()")
    page.goto(link)
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    settled(page)
    return page


def shown_hits(page: Page) -> list[str]:
    return page.locator("#hits .label, #hits .score").all_text_contents()


def pixels(page: Page) -> str:
    return str(page.evaluate("document.getElementById('canvas').toDataURL()"))


def test_copied_link_restores_drawing_and_hits(page: Page) -> None:
    page.evaluate(RECORD_SKETCHES)
    draw(page, (0.2, 0.2), (0.8, 0.3), (0.5, 0.8))
    page.keyboard.press("]")
    draw(page, (0.1, 0.9), (0.9, 0.6))
    page.keyboard.press("e")
    draw(page, (0.5, 0.1), (0.45, 0.95))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    settled(page)
    other = open_link(page.context, copied_link(page))
    assert pixels(other) == pixels(page)
    assert shown_hits(other) == shown_hits(page)
    assert other.evaluate("sent.at(-1)") == page.evaluate("sent.at(-1)")
    other.keyboard.press("Control+z")  # the restored strokes can be undone
    assert ink(other) > ink(page)


def test_link_restores_added_drawings_and_query_expansion(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.get_by_role("button", name="Add this drawing").click()
    expect(page.locator("#extra-queries-list li")).to_have_count(1)
    draw(page, (0.2, 0.8), (0.8, 0.7))
    page.locator("#expand").uncheck()
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    settled(page)
    other = open_link(page.context, copied_link(page))
    expect(other.locator("#extra-queries-list li")).to_have_count(1)
    expect(other.locator("#expand")).not_to_be_checked()
    until(other, "sent.length > 0 && sent.at(-1).length === 2")
    assert pixels(other) == pixels(page)
    other.locator("#expand").check()  # also in a link, so that it holds in a gallery with another default
    until(other, "location.hash.includes('expand=true')")


def test_link_restores_similar_photos(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.locator("#hits li").first.click()
    page.get_by_role("button", name="More like this").click()
    expect(page.locator("#hits li")).to_have_count(PHOTOS - 1)
    other = page.context.new_page()
    other.goto(copied_link(page))
    expect(other.locator("#hits li")).to_have_count(PHOTOS - 1)
    assert shown_hits(other) == shown_hits(page)
    other.get_by_role("button", name="Back to the drawing").click()
    expect(other.locator("#hits li")).to_have_count(PHOTOS)


def test_address_restores_the_search_after_reload_and_other_modes(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    drawn = pixels(page)
    until(page, "location.hash.includes('drawing=')")
    page.get_by_role("tab", name="Translate").click()
    assert page.evaluate("location.hash") == "#translate"
    page.get_by_role("tab", name="Sketch").click()
    until(page, "location.hash.includes('drawing=')")
    page.reload()
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    assert pixels(page) == drawn
    page.keyboard.press("Delete")
    until(page, "location.hash === '#sketch'")


def test_link_can_be_followed_on_the_open_page(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    until(page, "location.hash.includes('drawing=')")
    first, link = pixels(page), page.evaluate("location.hash")
    page.keyboard.press("Delete")
    page.get_by_role("tab", name="Translate").click()
    page.evaluate("(link) => { location.hash = link; }", link)
    expect(page.locator("#sketch-mode")).to_be_visible()
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    assert pixels(page) == first


@pytest.mark.parametrize(
    "fragment", ["drawing=AA", "drawing=!!!", "drawing=__________8B", "drawing=BOH", "like=x&gallery=things"]
)
def test_damaged_link_is_reported(blank: Page, origin: str, fragment: str) -> None:
    blank.goto(f"{origin}/#sketch?{fragment}")
    expect(blank.locator("#sketch-notice")).to_contain_text("link is damaged")
    draw(blank, (0.2, 0.2), (0.8, 0.3))
    expect(blank.locator("#hits li")).to_have_count(PHOTOS)
    expect(blank.locator("#sketch-notice")).to_be_hidden()


def test_link_to_a_missing_gallery_is_reported_and_searches_no_other(page: Page, origin: str) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    until(page, "location.hash.includes('drawing=')")
    link = page.evaluate("location.href").replace("gallery=things", "gallery=elsewhere")
    other = page.context.new_page()
    other.add_init_script("""
        const send = window.fetch;
        window.searched = [];
        window.fetch = (path, options) => {
            if (path === "sbir/search") searched.push(options.body.get("gallery"));
            return send(path, options);
        };
    """)
    other.goto(link)
    expect(other.locator("#sketch-notice")).to_contain_text("elsewhere")
    assert set(other.evaluate("searched")) == {"elsewhere"}
    expect(other.locator("#gallery option:checked")).to_have_text("elsewhere (not found)")
    expect(other.locator("#hits li")).to_have_count(0)
    assert "gallery=elsewhere" in other.evaluate("location.hash")
    other.locator("#gallery").select_option("things")
    expect(other.locator("#hits li")).to_have_count(PHOTOS)
    expect(other.locator("#sketch-notice")).to_be_hidden()
    expect(other.locator("#gallery option")).to_have_count(1)
    until(other, "location.hash.includes('things')")
    other.evaluate("(link) => { location.href = link; }", link)  # the hits of another gallery are shown now
    expect(other.locator("#sketch-notice")).to_contain_text("elsewhere")
    expect(other.locator("#hits li")).to_have_count(0)


def test_search_with_a_picture_has_no_link(page: Page) -> None:
    page.set_input_files("#sketch-file", upload(1))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#sketch-notice")).to_contain_text("drawings only")
