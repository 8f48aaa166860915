"""An opened hit and its actions."""

import re

from browsing import PHOTOS, draw, graded, until
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
