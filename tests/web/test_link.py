"""A link brings the same search back: drawings, gallery, what the hits are like; and a damaged one says so."""

import json
import random

import pytest
from browsing import PHOTOS, draw, ink, settled, until, upload
from playwright.sync_api import BrowserContext, Page, expect

SENT = """() => { const send = window.fetch; window.asked = []; window.fetch = async (path, options) => {
    const bytes = async (file) => [...new Uint8Array(await file.arrayBuffer())];
    if (path === "/sbir/search") window.asked.push(await Promise.all(options.body.getAll("sketch").map(bytes)));
    return send(path, options); }; }"""


def copied_link(page: Page) -> str:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#copy-link")).to_have_text("Copied")
    return str(page.evaluate("navigator.clipboard.readText()"))


def opened(context: BrowserContext, link: str) -> Page:
    page = context.new_page()
    page.add_init_script(f"({SENT})()")
    page.goto(link)
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    settled(page)
    return page


def shown(page: Page) -> list[str]:
    return page.locator("#hits .label, #hits .score").all_text_contents()


def pixels(page: Page) -> str:
    return str(page.evaluate("document.getElementById('canvas').toDataURL()"))


def test_a_copied_link_brings_the_same_drawing_and_hits(page: Page) -> None:
    page.evaluate(SENT)
    draw(page, (0.2, 0.2), (0.8, 0.3), (0.5, 0.8))
    page.keyboard.press("]")
    draw(page, (0.1, 0.9), (0.9, 0.6))
    page.keyboard.press("e")
    draw(page, (0.5, 0.1), (0.45, 0.95))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    settled(page)
    other = opened(page.context, copied_link(page))
    assert pixels(other) == pixels(page)
    assert shown(other) == shown(page)
    assert other.evaluate("asked.at(-1)") == page.evaluate("asked.at(-1)")
    other.keyboard.press("Control+z")  # the strokes are a history there as well
    assert ink(other) > ink(page)


def test_a_link_holds_the_added_drawings_and_whether_hits_join(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.get_by_role("button", name="Add this drawing").click()
    expect(page.locator("#extra-queries-list li")).to_have_count(1)
    draw(page, (0.2, 0.8), (0.8, 0.7))
    page.locator("#expand").uncheck()
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    settled(page)
    other = opened(page.context, copied_link(page))
    expect(other.locator("#extra-queries-list li")).to_have_count(1)
    expect(other.locator("#expand")).not_to_be_checked()
    until(other, "asked.length > 0 && asked.at(-1).length === 2")
    assert pixels(other) == pixels(page)


def test_a_link_leads_to_more_like_a_photo(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.locator("#hits li").first.click()
    page.get_by_role("button", name="More like this").click()
    expect(page.locator("#hits li")).to_have_count(PHOTOS - 1)
    other = page.context.new_page()
    other.goto(copied_link(page))
    expect(other.locator("#hits li")).to_have_count(PHOTOS - 1)
    assert shown(other) == shown(page)
    other.get_by_role("button", name="Back to the drawing").click()
    expect(other.locator("#hits li")).to_have_count(PHOTOS)


def test_the_address_survives_a_reload_and_another_mode(page: Page) -> None:
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


def test_a_link_followed_on_the_open_page(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    until(page, "location.hash.includes('drawing=')")
    first, link = pixels(page), page.evaluate("location.hash")
    page.keyboard.press("Delete")
    page.get_by_role("tab", name="Translate").click()
    page.evaluate("(link) => { location.hash = link; }", link)
    expect(page.locator("#sketch")).to_be_visible()
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    assert pixels(page) == first


@pytest.mark.parametrize(
    "fragment", ["drawing=AA", "drawing=!!!", "drawing=__________8B", "drawing=BOH", "like=x&gallery=things"]
)
def test_a_damaged_link_is_said(blank: Page, origin: str, fragment: str) -> None:
    blank.goto(f"{origin}/#sketch?{fragment}")
    expect(blank.locator("#sketch-notice")).to_contain_text("link is damaged")
    draw(blank, (0.2, 0.2), (0.8, 0.3))
    expect(blank.locator("#hits li")).to_have_count(PHOTOS)
    expect(blank.locator("#sketch-notice")).to_be_hidden()


def test_a_link_to_a_gallery_that_is_not_here_says_so_and_searches_no_other(page: Page, origin: str) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    until(page, "location.hash.includes('drawing=')")
    link = page.evaluate("location.href").replace("gallery=things", "gallery=elsewhere")
    other = page.context.new_page()
    other.add_init_script("""const send = window.fetch; window.searched = []; window.fetch = (path, options) => {
        if (path === "/sbir/search") window.searched.push(options.body.get("gallery")); return send(path, options); };""")
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
    other.evaluate(
        "(link) => { location.href = link; }", link
    )  # followed where hits of another gallery are shown
    expect(other.locator("#sketch-notice")).to_contain_text("elsewhere")
    expect(other.locator("#hits li")).to_have_count(0)


def test_a_picture_goes_into_no_link(page: Page) -> None:
    page.set_input_files("#sketch-file", upload(1))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#sketch-notice")).to_contain_text("drawings only")


def test_strokes_come_back_from_their_text_and_it_is_short(page: Page) -> None:
    chance = random.Random(0)
    strokes = []
    for each in range(40):
        x, y, points = chance.uniform(-20, 500), chance.uniform(0, 512), []
        for _ in range(chance.choice([1, 2, 60])):
            x, y = x + chance.uniform(-9, 9), y + chance.uniform(-3, 40 if each % 5 == 0 else 3)
            points.append(
                {"x": round(2 * x) / 2, "y": round(2 * y) / 2, "width": chance.choice([7, 7, 7, 12.25])}
            )
        strokes.append({"kind": "stroke", "ink": "eraser" if each % 7 == 0 else "pen", "points": points})
    script = """async (strokes) => { const {encodeStrokes, decodeStrokes} = await import("/static/sketch/stroke-encoding.js");
        const text = encodeStrokes(strokes); return [text, decodeStrokes(text)]; }"""
    text, back = page.evaluate(script, strokes)
    assert back == strokes
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert len(text) < len(json.dumps(strokes)) / 9
