"""Several drawings of one thing, and a photo beside them, in one search."""

import httpx
from browsing import PHOTOS, draw, ink, png, settled, until, upload
from playwright.sync_api import Page, expect

PARTS = """() => { const send = window.fetch; window.asked = []; window.fetch = (path, options) => {
    if (options?.body instanceof FormData) window.asked.push([path, [...options.body.keys()], options.body.get("expand")]);
    return send(path, options); }; }"""


def wait_for(page: Page, path: str, *fields: str) -> None:
    """Until the last search was sent to `path` with these files."""
    until(
        page,
        "([path, files]) => asked.length > 0 && asked.at(-1)[0] === path && asked.at(-1)[1].filter((name) => files.includes(name)).join() === files.join()",
        [path, list(fields)],
    )


def test_drawings_are_added_searched_together_and_removed(page: Page) -> None:
    page.evaluate(PARTS)
    add = page.get_by_role("button", name="Add this drawing")
    expect(add).to_be_disabled()
    draw(page, (0.2, 0.2), (0.8, 0.3))
    drawn = ink(page)
    add.click()
    expect(page.get_by_role("img", name="Drawing 1")).to_be_visible()
    assert ink(page) == 0
    expect(page.locator("#hits li")).to_have_count(PHOTOS)  # for the added one alone
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


def test_seven_drawings_are_added_at_most(page: Page) -> None:
    add = page.get_by_role("button", name="Add this drawing")
    for count in range(1, 8):
        draw(page, (0.1 * count, 0.2), (0.8, 0.1 * count))
        add.click()
        expect(page.locator("#extra-queries-list li")).to_have_count(count)
    with page.expect_response("**/sbir/search") as response:
        draw(page, (0.2, 0.2), (0.8, 0.8))
    assert response.value.ok
    expect(add).to_be_disabled()


def test_a_photo_alone_and_beside_a_drawing(page: Page, origin: str) -> None:
    page.evaluate(PARTS)
    page.set_input_files("#photo-file", upload(3))
    expect(page.get_by_role("img", name="Photo", exact=True)).to_be_visible()
    wait_for(page, "/retrieve", "image")
    alone = httpx.post(
        f"{origin}/retrieve", files={"image": png(3)}, data={"gallery": "things", "source": "photo"}
    ).json()["hits"]
    expect(page.locator("#hits .label")).to_have_text([hit["label"] for hit in alone])
    draw(page, (0.2, 0.2), (0.8, 0.3))
    wait_for(page, "/sbir/search", "sketch", "photo")
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    page.get_by_role("button", name="Remove: Photo").click()
    wait_for(page, "/sbir/search", "sketch")
    expect(page.locator("#sketch-notice")).to_be_hidden()


def test_a_hit_is_taken_beside_the_drawing(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.locator("#hits li").nth(2).click()
    with page.expect_response("**/sbir/search") as response:
        page.get_by_role("button", name="Combine with the drawing").click()
    assert response.value.ok
    expect(page.get_by_role("img", name="Photo", exact=True)).to_be_visible()


def test_a_hit_is_dragged_beside_the_drawing(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    settled(page)
    with page.expect_response("**/sbir/search") as response:
        page.locator("#hits li").nth(1).drag_to(page.locator("#add-photo"))
    assert response.value.ok
    expect(page.get_by_role("img", name="Photo", exact=True)).to_be_visible()


def test_hits_may_be_kept_from_joining_the_query(page: Page) -> None:
    page.evaluate(PARTS)
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    assert page.evaluate("asked.at(-1)[2]") == "true"
    page.locator("#expand").uncheck()
    until(page, "asked.at(-1)[2] === 'false'")
