"""The drawing tools: history, examples, and pictures as drawings."""

from io import BytesIO

import pytest
from browsing import PHOTOS, draw, ink
from PIL import Image
from playwright.sync_api import Page, expect


def test_undo_redo_and_clear(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.2))
    one = ink(page)
    draw(page, (0.2, 0.7), (0.8, 0.7))
    two = ink(page)
    assert 0 < one < two
    page.keyboard.press("Control+z")
    assert ink(page) == one
    page.get_by_role("button", name="Redo").click()
    assert ink(page) == two
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    page.get_by_role("button", name="Clear", exact=True).click()
    assert ink(page) == 0
    expect(page.locator("#hits li")).to_have_count(0)
    expect(page.get_by_role("button", name="Clear", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Undo").click()
    assert ink(page) == two
    expect(page.locator("#hits li")).to_have_count(PHOTOS)


def test_example_is_drawn_and_searched(page: Page) -> None:
    page.get_by_role("button", name="bicycle").click()
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    assert ink(page) > 1000


def test_opened_picture_replaces_the_drawing(page: Page) -> None:
    file = BytesIO()
    Image.new("L", (60, 60), 0).save(file, "PNG")
    page.set_input_files(
        "#sketch-file", {"name": "black.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    assert ink(page) == page.evaluate("document.getElementById('canvas').width ** 2")


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_picture_can_be_dropped_or_pasted(page: Page, way: str) -> None:
    script = """async (way) => {
        const canvas = new OffscreenCanvas(40, 40);
        canvas.getContext("2d").fillRect(0, 0, 40, 40);
        const data = new DataTransfer();
        data.items.add(new File([await canvas.convertToBlob()], "black.png", {type: "image/png"}));
        const event = way === "drop" ? new DragEvent("drop", {dataTransfer: data, bubbles: true})
            : new ClipboardEvent("paste", {clipboardData: data, bubbles: true});
        document.getElementById("canvas").dispatchEvent(event); }"""
    page.evaluate(script, way)
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    assert ink(page) == page.evaluate("document.getElementById('canvas').width ** 2")
