"""Several drawings of one object, and a photo, in one search."""

import httpx
from browsing import PHOTOS, RECORD_FORMS, draw, ink, png, settled, until, upload
from playwright.sync_api import Page, expect


def wait_for(page: Page, path: str, *fields: str) -> None:
    """Wait until the last form was sent to `path` with exactly these files."""
    script = """([path, files]) => {
        const last = sent.at(-1);
        const sent_files = last?.fields.filter((name) => files.includes(name));
        return last?.path === path && sent_files.join() === files.join();
    }"""
    until(page, script, [path, list(fields)])


def test_added_drawings_are_searched_together(page: Page) -> None:
    page.evaluate(RECORD_FORMS)
    add = page.get_by_role("button", name="Add this drawing")
    expect(add).to_be_disabled()
    draw(page, (0.2, 0.2), (0.8, 0.3))
    drawn = ink(page)
    add.click()
    expect(page.get_by_role("img", name="Drawing 1")).to_be_visible()
    assert ink(page) == 0
    expect(page.locator("#hits li")).to_have_count(PHOTOS)  # of the added drawing
    wait_for(page, "/sbir/search", "sketch")
    draw(page, (0.2, 0.7), (0.8, 0.7))
    wait_for(page, "/sbir/search", "sketch", "sketch")
    page.keyboard.press("a")
    expect(page.locator("#extra-queries-list li")).to_have_count(2)
    page.get_by_role("button", name="Remove: Drawing 1").click()
    expect(page.locator("#extra-queries-list li")).to_have_count(1)
    wait_for(page, "/sbir/search", "sketch")
    page.get_by_role("button", name="Remove: Drawing 1").click()
    expect(page.locator("#hits li")).to_have_count(0)
    expect(page.locator("#sketch-empty")).to_be_visible()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert ink(page) == drawn


def test_at_most_seven_drawings_can_be_added(page: Page) -> None:
    add = page.get_by_role("button", name="Add this drawing")
    for count in range(1, 8):
        draw(page, (0.1 * count, 0.2), (0.8, 0.1 * count))
        add.click()
        expect(page.locator("#extra-queries-list li")).to_have_count(count)
    with page.expect_response("**/sbir/search") as response:
        draw(page, (0.2, 0.2), (0.8, 0.8))
    assert response.value.ok
    expect(add).to_be_disabled()


def test_photo_is_searched_alone_and_with_a_drawing(page: Page, origin: str) -> None:
    page.evaluate(RECORD_FORMS)
    page.set_input_files("#photo-file", upload(3))
    expect(page.get_by_role("img", name="3.png", exact=True)).to_be_visible()
    wait_for(page, "/retrieve", "image")
    alone = httpx.post(
        f"{origin}/retrieve", files={"image": png(3)}, data={"gallery": "things", "source": "photo"}
    ).json()["hits"]
    expect(page.locator("#hits .label")).to_have_text([hit["label"] for hit in alone])
    draw(page, (0.2, 0.2), (0.8, 0.3))
    wait_for(page, "/sbir/search", "sketch", "photo")
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    page.get_by_role("button", name="Remove: 3.png").click()
    wait_for(page, "/sbir/search", "sketch")
    expect(page.locator("#sketch-notice")).to_be_hidden()


def test_hit_can_be_dragged_to_the_drawing(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    settled(page)
    with page.expect_response("**/sbir/search") as response:
        page.locator("#hits li").nth(1).drag_to(page.locator("#add-photo"))
    assert response.value.ok
    expect(page.get_by_role("img", name="Photo", exact=True)).to_be_visible()
