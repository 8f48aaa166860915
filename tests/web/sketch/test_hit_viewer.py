"""An opened hit and its actions."""

import re
from pathlib import Path

from browsing import PHOTOS, draw, graded, hits, png, until
from playwright.sync_api import Page, expect


def test_opened_hit_leads_to_similar_photos(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    first = page.locator("#hits li").first
    label = first.locator(".label").text_content()
    first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text(str(label))
    expect(dialog).to_contain_text(f"no. {str(label).split()[1]}")
    until(page, "document.getElementById('viewer-image').naturalWidth === 48")
    page.get_by_role("button", name="More like this").click()
    expect(page.locator("#hits-title")).to_have_text(f"More like {label}")
    expect(page.locator("#hits li")).to_have_count(PHOTOS - 1)
    assert label not in page.locator("#hits .label").all_text_contents()
    page.get_by_role("button", name="Back to the drawing").click()
    expect(page.locator("#hits li")).to_have_count(PHOTOS)


def test_opened_hit_has_its_grade_and_probability(page: Page) -> None:
    page.route("**/sbir/search", lambda route: route.fulfill(json=graded("strong", "weak")))
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.locator("#hits li").first.click()
    facts = page.locator("#viewer-facts")
    expect(facts).to_have_text(re.compile("^Matchstrong matchProbability100 %Rank1 of 2"))
    page.keyboard.press("ArrowRight")
    expect(facts).to_have_text(re.compile("^Matchweak matchProbability50 %Rank2 of 2"))


def test_opened_hit_without_a_grade_has_its_score(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.locator("#hits li").first.click()
    expect(page.locator("#viewer-facts")).to_have_text(re.compile(r"^Similarity-?\d\.\d\dRank1 of 6"))


def test_opened_hit_can_be_combined_with_the_drawing(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.locator("#hits li").nth(2).click()
    with page.expect_response("**/sbir/search") as response:
        page.get_by_role("button", name="Combine with my drawing").click()
    assert response.value.ok
    expect(page.get_by_role("img", name="Photo", exact=True)).to_be_visible()


def test_opened_hit_can_be_downloaded_under_its_name_and_its_source_opened(
    page: Page, tmp_path: Path
) -> None:
    answer = hits(1, 2)
    first, _ = answer["hits"]  # type: ignore[misc]  # the hits are a list
    first["metadata"] = {"file": "Trip/IMG 1.PNG", "page": "https://pictures.example/1"}
    page.route("**/sbir/search", lambda route: route.fulfill(json=answer))
    page.route("**/photos/1", lambda route: route.fulfill(body=png(1), content_type="image/png"))
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.locator("#hits li").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "IMG 1.PNG"
    download.value.save_as(tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == png(1)
    source = page.get_by_role("link", name="Open its source")
    expect(source).to_have_attribute("href", "https://pictures.example/1")
    expect(source).to_have_attribute("rel", re.compile("noopener"))
    page.keyboard.press("ArrowRight")
    expect(source).to_be_hidden()


def test_large_pictures_are_hardly_enlarged(page: Page) -> None:
    page.route("**/sbir/search", lambda route: route.fulfill(json=hits(1)))
    page.route("**/photos/1*", lambda route: route.fulfill(body=png(1, 100), content_type="image/png"))
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.locator("#hits li").first.click()
    picture = page.locator("#viewer-image")
    expect(picture).to_have_css("max-width", "200px")
    assert picture.bounding_box()["width"] <= 200  # type: ignore[index]  # the picture is visible
