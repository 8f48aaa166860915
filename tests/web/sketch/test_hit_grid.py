"""The grid of hits: scores, and pictures that are not loaded twice."""

import re

import httpx
import pytest
from browsing import draw, graded, hits, png, until
from playwright.sync_api import Browser, Page, Route, expect


def test_probabilities_are_per_cent_and_other_scores_numbers(page: Page) -> None:
    answer = hits(1, 3, 500)
    page.route("**/sbir/search", lambda route: route.fulfill(json=answer))
    for scores, shown in (("cosine", ["1.00", "0.33", "0.00"]), ("probability", ["100 %", "33 %", "< 1 %"])):
        answer["scores"] = scores
        draw(page, (0.25, 0.75), (0.75, 0.75))
        expect(page.locator("#hits .score")).to_have_text(shown)


def test_grades_are_words_and_the_number_a_tooltip(page: Page) -> None:
    page.route("**/sbir/search", lambda route: route.fulfill(json=graded("strong", "possible", "weak")))
    draw(page, (0.25, 0.75), (0.75, 0.75))
    scores = page.locator("#hits .score")
    expect(scores).to_have_text(["strong match", "possible match", "weak match"])
    for index, number in enumerate(("100 %", "50 %", "33 %")):
        expect(scores.nth(index)).to_have_attribute("title", f"Probability {number}")
    expect(page.get_by_role("button", name=re.compile("hit 2 possible match$"))).to_be_visible()
    colours = scores.evaluate_all("(found) => found.map((each) => getComputedStyle(each).color)")
    assert len(set(colours)) == 3


def test_a_grade_does_not_outlive_its_answer(page: Page) -> None:
    answer = graded("strong")
    page.route("**/sbir/search", lambda route: route.fulfill(json=answer))
    draw(page, (0.25, 0.75), (0.75, 0.75))
    expect(page.locator("#hits .score")).to_have_text("strong match")
    answer = hits(1)
    draw(page, (0.25, 0.25), (0.75, 0.25))
    expect(page.locator("#hits .score")).to_have_text("1.00")
    expect(page.locator("#hits .score")).to_have_attribute("title", "Similarity 1.00")
    expect(page.locator("#hits .score")).to_have_attribute("data-grade", "")


def test_captions_fit_their_pictures(page: Page) -> None:
    page.route("**/sbir/search", lambda route: route.fulfill(json=graded(*["strong"] * 12)))
    draw(page, (0.25, 0.75), (0.75, 0.75))
    expect(page.locator("#hits li")).to_have_count(12)
    for width in (320, 390, 432, 640, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        sizes = page.locator("#hits .score").evaluate_all(
            """(scores) => scores.map((score) => {
                const caption = score.parentElement;
                return [caption.scrollWidth - caption.clientWidth, score.getClientRects().length];
            })"""
        )
        assert set(map(tuple, sizes)) == {(0, 1)}, width


def test_pictures_that_stay_are_not_loaded_again(page: Page) -> None:
    answer = hits(1, 2, 3)  # a slow stroke is searched more than once: the number of requests is not known
    page.route("**/sbir/search", lambda route: route.fulfill(json=answer))
    draw(page, (0.4, 0.5), (0.6, 0.5))
    expect(page.locator("#hits .label").first).to_have_text("hit 1")
    page.evaluate("document.querySelectorAll('#hits img').forEach((image) => { image.kept = true; })")
    answer = hits(3, 4, 1)
    draw(page, (0.2, 0.6), (0.8, 0.6))
    expect(page.locator("#hits .label")).to_have_text(["hit 3", "hit 4", "hit 1"])
    kept = page.evaluate("[...document.querySelectorAll('#hits img')].map((image) => image.kept === true)")
    assert kept == [True, False, True]


def test_only_visible_pictures_are_loaded_in_advance(page: Page) -> None:
    loaded: list[str] = []

    def answer(route: Route) -> None:
        loaded.append(route.request.url)
        route.fulfill(status=404)

    page.route("**/photos/*?size=thumbnail", answer)
    twenty = hits(*range(1, 21))["hits"]
    prepare = """async (hits) => {
        const { HitGrid } = await import("/static/sketch/hit-grid.js");
        window.grid = new HitGrid(document.createElement("ul"), () => {});
        await grid.prepare(hits);
    }"""
    page.evaluate(prepare, twenty)
    assert len(loaded) == 12
    page.evaluate("(hits) => grid.show(hits, 'cosine')", twenty)
    until(page, "grid.shown.length === 20")
    page.wait_for_timeout(200)
    assert len(loaded) == 20


@pytest.mark.parametrize(("width", "density"), [(1920, 2), (390, 3)])
def test_pictures_are_sharp_on_dense_screens(browser: Browser, origin: str, width: int, density: int) -> None:
    with httpx.Client(base_url=origin, timeout=30) as client:
        client.post("/galleries", json={"name": "large", "model": "small-sketches"})
        client.post("/galleries/large/photos", files={"image": png(1, 700)}).raise_for_status()
    context = browser.new_context(
        viewport={"width": width, "height": 1080}, device_scale_factor=density, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{origin}#gallery=large")
    page.locator("#gallery").select_option("large")
    draw(page, (0.25, 0.75), (0.75, 0.75))
    image = page.locator("#hits img")
    expect(image).to_have_count(1)
    until(page, "document.querySelector('#hits img').naturalWidth > 0")
    natural, shown = image.evaluate("(each) => [each.naturalWidth, each.getBoundingClientRect().width]")
    context.close()
    assert natural >= 1.5 * shown
