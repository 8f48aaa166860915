"""Sketch search: when requests are sent, aborted and shown."""

import re

import httpx
from browsing import (
    PHOTOS,
    RECORD_FORMS,
    draw,
    graded,
    hits,
    png,
    until,
    upload,
    wait_for_requests,
)
from playwright.sync_api import Page, Route, expect


def test_hits_appear_during_a_stroke(page: Page) -> None:
    expect(page.locator("#sketch-empty")).to_be_visible()
    draw(page, (0.2, 0.2), (0.8, 0.3), (0.5, 0.8), lift=False)
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    expect(page.locator("#sketch-empty")).to_be_hidden()
    page.mouse.up()
    until(page, "[...document.querySelectorAll('#hits img')].every((image) => image.naturalWidth > 0)")
    labels = page.locator("#hits .label").all_text_contents()
    assert sorted(labels) == [f"thing {seed}" for seed in range(PHOTOS)]


def test_late_answer_does_not_replace_a_newer_one(page: Page) -> None:
    requests: list[Route] = []

    def answer(route: Route) -> None:
        requests.append(route)
        if len(requests) > 1:  # the first is answered late, below
            route.fulfill(json=hits(2, 3))

    page.route("**/sbir/search", answer)
    draw(page, (0.2, 0.2), (0.4, 0.2))
    draw(page, (0.2, 0.6), (0.8, 0.6))
    expect(page.locator("#hits li")).to_have_count(2)
    requests[0].fulfill(json=hits(4, 5, 6))
    page.wait_for_timeout(300)
    assert page.locator("#hits .label").all_text_contents() == ["hit 2", "hit 3"]


def test_missing_ink_is_an_error_only_for_pictures(page: Page) -> None:
    empty = {
        "type": "about:blank",
        "title": "Empty",
        "status": 422,
        "detail": "there is no ink",
        "code": "sketch_empty",
    }
    page.route("**/sbir/search", lambda route: route.fulfill(status=422, json=empty))
    with page.expect_response("**/sbir/search"):
        draw(page, (0.2, 0.5), (0.6, 0.5))
    expect(page.locator("#hits")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#sketch-notice")).to_be_hidden()
    page.set_input_files("#sketch-file", upload(1))
    expect(page.locator("#sketch-notice")).to_have_text("There is no ink.")


def test_too_little_ink_is_not_sent(page: Page) -> None:
    lead = page.locator("#sketch-lead")
    expect(lead).to_contain_text("Draw something")
    page.evaluate(RECORD_FORMS)
    draw(page, (0.5, 0.5), (0.5, 0.5))
    expect(lead).to_contain_text("Draw a little more")
    expect(page.locator("#sketch-examples")).to_be_hidden()
    assert page.evaluate("sent.length") == 0
    draw(page, (0.2, 0.5), (0.8, 0.5))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    page.locator("#eraser").click()
    page.locator("[data-width='14']").click()
    draw(page, (0.1, 0.5), (0.9, 0.5))
    expect(lead).to_contain_text("Draw a little more")  # what the eraser leaves is not sent either
    expect(page.locator("#hits li")).to_have_count(0)


def test_a_drawing_and_its_erasure_log_no_errors(page: Page) -> None:
    logged: list[str] = []
    page.on("console", lambda message: logged.append(message.text))
    page.locator("[data-width='4']").click()
    draw(page, (0.5, 0.5), (0.51, 0.5), lift=False)
    page.wait_for_timeout(300)
    draw(page, (0.5, 0.5), (0.8, 0.5), (0.8, 0.8))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    page.get_by_role("tab", name="Translate").click()
    page.get_by_role("tab", name="Analogy").click()
    page.wait_for_timeout(300)
    assert logged == []


def test_the_page_says_that_it_searches_and_that_the_service_is_slow(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.clock.install()
    page.route("**/sbir/search", hold)
    draw(page, (0.2, 0.2), (0.8, 0.2))
    wait_for = page.locator("#hits-waiting")
    expect(page.locator("#sketch-empty")).to_be_hidden()
    page.clock.run_for(600)
    expect(wait_for).to_have_text("Searching…")
    page.clock.run_for(7000)
    expect(wait_for).to_have_text("Searching… The service is slow.")
    held[-1].fulfill(json=hits(1))
    page.clock.run_for(1000)
    expect(page.locator("#hits li")).to_have_count(1)
    expect(wait_for).to_be_hidden()
    draw(page, (0.2, 0.4), (0.8, 0.4))
    page.clock.run_for(600)
    expect(page.locator("#hits-progress")).to_have_text("Searching…")  # beside the number of old results
    expect(wait_for).to_be_hidden()


def test_a_search_is_repeated_when_the_service_is_back(page: Page) -> None:
    away = re.compile(r"/(sbir/search|models|galleries|health/ready)$")
    page.route(away, lambda route: route.abort())
    draw(page, (0.2, 0.2), (0.8, 0.2))
    expect(page.locator("#sketch-notice")).to_contain_text("The service cannot be reached.")
    expect(page.locator("#status-text")).to_have_text("Not reachable")
    expect(page.locator("#sketch-lead")).to_contain_text("Your drawing is searched as soon as it is ready.")
    page.unroute(away)
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    expect(page.locator("#sketch-notice")).to_be_hidden()


def test_lifting_the_pen_aborts_the_running_search(page: Page) -> None:
    held: list[Route] = []
    aborted: list[str] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.on("requestfailed", lambda request: aborted.append(request.url))
    page.route("**/sbir/search", hold)
    # A slow clock makes the timeout of one second last ten.
    page.evaluate("{ const now = performance.now.bind(performance); performance.now = () => now() / 10; }")
    draw(page, (0.2, 0.2), (0.4, 0.2), (0.4, 0.4), lift=False)
    wait_for_requests(page, held, 1)
    assert (len(held), len(aborted)) == (1, 0)
    page.mouse.up()
    wait_for_requests(page, held, 2)
    assert (len(held), len(aborted)) == (2, 1)
    for x in (0.3, 0.5, 0.7):
        draw(page, (x, 0.6), (0.8, 0.6))
        page.wait_for_timeout(700)
    assert (len(held), len(aborted)) == (2, 1)  # a search with the pen lifted is not aborted
    held[1].fulfill(json=hits(2))
    expect(page.locator("#hits .label")).to_have_text(["hit 2"])
    wait_for_requests(page, held, 3)
    assert len(held) == 3  # only the newest of the three drawings was sent
    held[2].fulfill(json=hits(3))
    expect(page.locator("#hits .label")).to_have_text(["hit 3"])


def test_show_more_requests_more_hits(page: Page) -> None:
    max_hits: list[int] = []

    def answer(route: Route) -> None:
        field = re.search(rb'name="k"\r\n\r\n(\d+)', route.request.post_data_buffer or b"")
        assert field is not None
        max_hits.append(int(field[1]))
        route.fulfill(json=hits(*range(1, min(max_hits[-1], 30) + 1)))

    page.route("**/sbir/search", answer)
    more = page.get_by_role("button", name="Show more")
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#hits li")).to_have_count(24)
    more.click()
    expect(page.locator("#hits li")).to_have_count(30)
    assert max_hits[-1] == 48
    expect(more).to_be_hidden()  # 30 are fewer than 48: there are no more


NOTHING = "Nothing here looks like it."
ONLY_WEAK = "Only weak matches. This gallery may not have it."


def test_the_page_says_when_nothing_or_only_weak_hits_are_found(page: Page) -> None:
    answer = graded("weak", "weak")
    page.route("**/sbir/search", lambda route: route.fulfill(json=answer))
    note = page.locator("#hits-note")
    expect(note).to_be_hidden()
    draw(page, (0.2, 0.2), (0.8, 0.2))
    expect(note).to_have_text(ONLY_WEAK)
    expect(page.get_by_role("status")).to_contain_text("2 pictures; the best is hit 1, a weak match")
    answer = graded("possible", "weak")
    draw(page, (0.2, 0.4), (0.8, 0.4))
    expect(page.locator("#hits .score").first).to_have_text("possible match")
    expect(note).to_be_hidden()
    answer = graded()
    draw(page, (0.2, 0.6), (0.8, 0.6))
    expect(note).to_have_text(NOTHING)
    expect(page.locator("#hits li")).to_have_count(0)
    expect(page.get_by_role("status")).to_contain_text(NOTHING)
    answer = hits(1, 2)
    draw(page, (0.2, 0.8), (0.8, 0.8))
    expect(page.locator("#hits li")).to_have_count(2)
    expect(note).to_be_hidden()
    page.keyboard.press("Delete")
    expect(page.locator("#sketch-empty")).to_be_visible()
    expect(note).to_be_hidden()


def test_an_empty_gallery_is_not_a_search_that_finds_nothing(page: Page, origin: str) -> None:
    httpx.post(f"{origin}/galleries", json={"name": "bare", "model": "small-sketches"}).raise_for_status()
    page.locator("#gallery").select_option("bare")
    draw(page, (0.2, 0.2), (0.8, 0.2))
    expect(page.locator("#hits-note")).to_have_text("This gallery is empty. Add photos to search them.")
    httpx.post(f"{origin}/galleries/bare/photos", files={"image": png(0)}).raise_for_status()
    expect(page.locator("#hits li")).to_have_count(1)
    expect(page.locator("#hits-note")).to_be_hidden()
    page.locator("#hits li").click()
    page.get_by_role("button", name="More like this").click()
    expect(page.locator("#hits-note")).to_have_text(NOTHING)
    httpx.delete(f"{origin}/galleries/bare").raise_for_status()


def test_a_gallery_decides_about_query_expansion_until_the_visitor_does(page: Page, origin: str) -> None:
    new = {"name": "plain", "model": "small-sketches", "expand": False}
    httpx.post(f"{origin}/galleries", json=new).raise_for_status()
    first = page.locator("#gallery").input_value()
    expect(page.locator("#gallery option[value=plain]")).to_have_count(1)
    page.evaluate(RECORD_FORMS)
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#expand")).to_be_checked()
    page.locator("#gallery").select_option("plain")
    expect(page.locator("#expand")).not_to_be_checked()
    until(page, "sent.at(-1).expand === null")
    page.locator("#expand").check()
    until(page, "sent.at(-1).expand === 'true'")
    page.locator("#gallery").select_option(first)
    expect(page.locator("#expand")).to_be_checked()
    page.locator("#gallery").select_option("plain")
    expect(page.locator("#expand")).not_to_be_checked()
    httpx.delete(f"{origin}/galleries/plain").raise_for_status()


def test_query_expansion_can_be_turned_off(page: Page) -> None:
    page.evaluate(RECORD_FORMS)
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    assert page.evaluate("sent.at(-1).expand") is None
    page.locator("#expand").uncheck()
    until(page, "sent.at(-1).expand === 'false'")
