"""Browsing a gallery: all its photos, and their deletion."""

import re
from collections.abc import Iterator

import httpx
import pytest
from browsing import PHOTOS, draw, png
from playwright.sync_api import Page, expect

MANY = 130  # more than two pages of the list


@pytest.fixture
def album(page: Page, origin: str) -> Iterator[str]:
    """The URL of a gallery of four photos, which the page shows."""
    url = f"{origin}/galleries/album"
    with httpx.Client(timeout=60) as client:
        client.post(f"{origin}/galleries", json={"name": "album", "model": "small-sketches"})
        for seed in range(4):
            fields = {"label": f"photo of {seed}"} if seed else {"metadata": '{"file": "Trip/A.PNG"}'}
            files = {"image": png(seed + 50)}
            client.post(f"{url}/photos", data=fields, files=files).raise_for_status()
        expect(page.locator("#gallery option[value=album]")).to_have_text("album (4)")
        page.locator("#gallery").select_option("album")
        page.get_by_role("button", name="Browse").click()
        expect(page.locator("#browse-photos li")).to_have_count(4)
        yield url
        client.delete(url)


def listed(url: str) -> list[str | None]:
    return [photo["label"] for photo in httpx.get(f"{url}/photos").json()["photos"]]


def test_all_photos_are_shown_with_their_names(page: Page, album: str) -> None:
    labels = page.locator("#browse-photos .label")
    expect(labels).to_have_text(["A.PNG", "photo of 1", "photo of 2", "photo of 3"])
    page.locator("#browse-photos button").first.click()
    expect(page.locator("#viewer-title")).to_have_text("A.PNG")
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="More like this").click()
    expect(page.locator("#hits-title")).to_have_text("More like photo of 1")
    expect(page.locator("#browse-panel")).to_be_hidden()
    expect(page.locator("#hits li")).to_have_count(3)


def test_selected_photos_are_deleted_after_a_question(page: Page, album: str) -> None:
    page.get_by_role("button", name="Select", exact=True).click()
    page.locator("#browse-photos button").nth(1).click()
    page.locator("#browse-photos button").nth(2).click()
    expect(page.locator("#browse-count")).to_have_text("2 selected")
    delete = page.get_by_role("button", name="Delete the selected")
    delete.click()
    page.get_by_role("button", name="Cancel").click()
    assert len(listed(album)) == 4
    delete.click()
    expect(page.locator("#confirm-title")).to_have_text("Delete 2 pictures?")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#browse-photos .label")).to_have_text(["A.PNG", "photo of 3"])
    assert listed(album) == [None, "photo of 3"]
    expect(page.locator("#gallery option[value=album]")).to_have_text("album (2)")


def test_an_opened_photo_is_deleted_after_a_question(page: Page, album: str) -> None:
    page.locator("#browse-photos button").first.click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.locator("#confirm-yes").click()
    expect(page.locator("#browse-photos li")).to_have_count(3)
    assert listed(album) == ["photo of 1", "photo of 2", "photo of 3"]


def test_a_gallery_is_deleted_after_a_question(page: Page, album: str) -> None:
    page.get_by_role("button", name="Delete gallery").click()
    expect(page.locator("#confirm-text")).to_contain_text("It has 4 pictures")
    page.keyboard.press("Escape")
    assert httpx.get(album).is_success
    page.get_by_role("button", name="Delete gallery").click()
    page.locator("#confirm-yes").click()
    expect(page.locator("#gallery option[value=album]")).to_have_count(0)
    assert httpx.get(album).status_code == 404
    expect(page.locator("#browse-panel")).to_be_hidden()


def test_a_drawing_and_photos_that_are_added_are_followed(page: Page, album: str) -> None:
    httpx.post(f"{album}/photos", files={"image": png(90)}, data={"label": "late"}).raise_for_status()
    expect(page.locator("#browse-photos .label").last).to_have_text("late")
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#browse-panel")).to_be_hidden()
    expect(page.locator("#hits li")).to_have_count(5)


def test_scrolling_loads_more(page: Page) -> None:
    def answer(url: str) -> dict[str, object]:
        after = int(re.findall(r"after=(\d+)", url)[0])
        limit = int(re.findall(r"limit=(\d+)", url)[0])
        ids = range(after + 1, min(after + limit, MANY) + 1)
        photo = {"label": None, "metadata": {}, "width": 9, "height": 9, "sha256": "0"}
        photos = [{"id": each, "url": f"/galleries/things/photos/{each}?v=0", **photo} for each in ids]
        return {"photos": photos, "next": ids[-1] if len(ids) == limit else None}

    page.route("**/photos?*", lambda route: route.fulfill(json=answer(route.request.url)))
    page.get_by_role("button", name="Browse").click()
    tiles = page.locator("#browse-photos li")
    expect(tiles).to_have_count(60)
    page.mouse.move(900, 600)
    for _ in range(30):
        page.mouse.wheel(0, 2000)
        page.wait_for_timeout(50)
    expect(tiles).to_have_count(MANY)
    expect(page.locator("#browse-more")).to_be_hidden()


def test_an_empty_installation_offers_to_add_photos(page: Page) -> None:
    page.route("**/galleries", lambda route: route.fulfill(json={"galleries": [], "damaged": []}))
    page.reload()
    expect(page.locator("#sketch-lead")).to_have_text("There are no pictures to search yet.")
    expect(page.get_by_role("button", name="Browse")).to_be_hidden()
    page.locator("#sketch-empty").get_by_role("button", name="Add photos").click()
    expect(page.locator("#photos-name")).to_be_focused()


def test_browsing_leaves_the_results_alone(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    page.get_by_role("button", name="Browse").click()
    expect(page.locator("#hits")).to_be_hidden()
    page.get_by_role("button", name="Back to the results").click()
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    expect(page.locator("#hits")).to_be_visible()


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_the_actions_are_one_line(page: Page, album: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    row = page.locator("#browse-panel > .row")
    for selecting in (False, True):
        if selecting:
            page.locator("#browse-select").click()
            page.locator("#browse-photos button").first.click()
        expect(page.locator("#browse-delete-gallery")).to_be_visible(visible=not selecting)
        middles = row.evaluate(
            """(row) => [...row.children].filter((each) => each.checkVisibility()).map((each) => {
                const { top, bottom } = each.getBoundingClientRect();
                return (top + bottom) / 2;
            })"""
        )
        assert len(middles) >= 4
        assert max(middles) - min(middles) < 10
