"""The page in a real Chromium, against the real service with small, untrained models; answers are slowed or
replaced on the way only where a test is about exactly that."""

import re
import time
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from browsing import KEY, MODES, PHOTOS, draw, hits, ink, png, until, upload
from PIL import Image
from playwright.sync_api import Page, Route, expect

from service.http.page import WEB


def test_hits_appear_while_the_stroke_is_still_drawn(page: Page) -> None:
    expect(page.locator("#sketch-empty")).to_be_visible()
    draw(page, (0.2, 0.2), (0.8, 0.3), (0.5, 0.8), lift=False)
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    expect(page.locator("#sketch-empty")).to_be_hidden()
    page.mouse.up()
    until(
        page,
        "[...document.querySelectorAll('#hits img')].every((image) => image.complete && image.naturalWidth > 0)",
    )
    assert sorted(page.locator("#hits .label").all_text_contents()) == [
        f"thing {seed}" for seed in range(PHOTOS)
    ]


def test_probabilities_are_shown_in_per_cent_and_other_scores_as_they_are(page: Page) -> None:
    answer = hits(1, 3, 500)
    page.route("**/sbir/search", lambda route: route.fulfill(json=answer))
    for scores, shown in (("cosine", ["1.00", "0.33", "0.00"]), ("probability", ["100 %", "33 %", "< 1 %"])):
        answer["scores"] = scores
        draw(page, (0.25, 0.75), (0.75, 0.75))
        expect(page.locator("#hits .score")).to_have_text(shown)


def test_the_sent_sketch_is_dark_on_white_as_it_was_drawn(page: Page) -> None:
    page.evaluate("""() => { const send = window.fetch; window.fetch = (path, options) => {
        if (path === "/sbir/search") options.body.get("sketch").arrayBuffer().then((bytes) => { window.sent = [...new Uint8Array(bytes)]; });
        return send(path, options); }; }""")
    draw(page, (0.25, 0.75), (0.75, 0.75))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    until = time.monotonic() + 10
    while True:  # what is sent last shows the whole stroke
        picture = np.asarray(Image.open(BytesIO(bytes(page.evaluate("window.sent")))).convert("L"))
        dark = np.argwhere(picture < 128) / picture.shape[0]
        if dark[:, 1].max() > 0.74 or time.monotonic() > until:
            break
        page.wait_for_timeout(50)
    assert picture[0, 0] == 255
    assert abs(dark[:, 0].mean() - 0.75) < 0.02
    assert dark[:, 1].min() == pytest.approx(0.25, abs=0.02)
    assert dark[:, 1].max() == pytest.approx(0.75, abs=0.02)


def test_an_older_slow_answer_never_replaces_a_newer_one(page: Page) -> None:
    asked: list[Route] = []

    def answer(route: Route) -> None:
        asked.append(route)
        if len(asked) > 1:  # the first stays without an answer
            route.fulfill(json=hits(2, 3))

    page.route("**/sbir/search", answer)
    draw(page, (0.2, 0.2), (0.4, 0.2))
    draw(page, (0.2, 0.6), (0.8, 0.6))
    expect(page.locator("#hits li")).to_have_count(2)
    asked[0].fulfill(json=hits(4, 5, 6))
    page.wait_for_timeout(300)
    assert page.locator("#hits .label").all_text_contents() == ["hit 2", "hit 3"]


def test_a_stroke_that_is_too_short_to_be_a_drawing_is_no_problem_but_a_picture_without_ink_is(
    page: Page,
) -> None:
    empty = {
        "type": "about:blank",
        "title": "Empty",
        "status": 422,
        "detail": "there is no ink",
        "code": "sketch_empty",
    }
    page.route("**/sbir/search", lambda route: route.fulfill(status=422, json=empty))
    with page.expect_response("**/sbir/search"):
        draw(page, (0.5, 0.5), (0.5, 0.5))
    expect(page.locator("#hits")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#sketch-notice")).to_be_hidden()
    page.set_input_files("#sketch-file", upload(1))
    expect(page.locator("#sketch-notice")).to_have_text("There is no ink.")


def test_one_search_is_under_way_which_lifting_the_pen_gives_up_and_the_newest_drawing_is_answered(
    page: Page,
) -> None:
    held: list[Route] = []
    given_up: list[str] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.on("requestfailed", lambda request: given_up.append(request.url))
    page.route("**/sbir/search", hold)
    page.evaluate(
        "{ const now = performance.now.bind(performance); performance.now = () => now() / 10; }"
    )  # patience ends in ten seconds
    draw(page, (0.2, 0.2), (0.4, 0.2), (0.4, 0.4), lift=False)
    page.wait_for_timeout(1000)
    assert (len(held), len(given_up)) == (1, 0)
    page.mouse.up()
    for _ in range(40):  # long before patience ends
        page.wait_for_timeout(100)
        if len(held) == 2:
            break
    assert (len(held), len(given_up)) == (2, 1)
    for x in (0.3, 0.5, 0.7):
        draw(page, (x, 0.6), (0.8, 0.6))
        page.wait_for_timeout(700)
    assert (len(held), len(given_up)) == (2, 1)  # what was asked for with the pen lifted is waited for
    held[1].fulfill(json=hits(2))
    expect(page.locator("#hits .label")).to_have_text(["hit 2"])
    page.wait_for_timeout(700)
    assert len(held) == 3  # of the drawings in between none but the newest
    held[2].fulfill(json=hits(3))
    expect(page.locator("#hits .label")).to_have_text(["hit 3"])


def test_what_was_given_up_is_not_shown_though_it_comes(page: Page) -> None:
    script = """async () => { const {LatestRequest} = await import("/static/shell/latest-request.js");
        const latest = new LatestRequest(), shown = [], show = (answer) => shown.push(answer), fail = show;
        let come; latest.submit({ run: () => new Promise((resolve) => { come = resolve; }), show, fail });
        latest.submit({ run: async () => "newer", show, fail, urgent: true });
        await new Promise((done) => setTimeout(done, 50)); come("older");
        await new Promise((done) => setTimeout(done, 50)); return shown; }"""
    assert page.evaluate(script) == ["newer"]


def test_each_answer_replaces_the_one_before_and_keeps_the_pictures_that_stay(page: Page) -> None:
    answers = [hits(1, 2, 3), hits(3, 4, 1)]
    page.route(
        "**/sbir/search", lambda route: route.fulfill(json=answers.pop(0) if len(answers) > 1 else answers[0])
    )
    draw(page, (0.5, 0.5), (0.5, 0.5))
    expect(page.locator("#hits .label").first).to_have_text("hit 1")
    page.evaluate("document.querySelectorAll('#hits img').forEach((image) => { image.seen = true; })")
    draw(page, (0.2, 0.6), (0.8, 0.6))
    expect(page.locator("#hits .label")).to_have_text(["hit 3", "hit 4", "hit 1"])
    assert page.evaluate(
        "[...document.querySelectorAll('#hits img')].map((image) => image.seen === true)"
    ) == [True, False, True]


def test_a_search_waits_for_no_idle_moment_of_the_browser(page: Page) -> None:
    page.evaluate(
        "() => { HTMLCanvasElement.prototype.toBlob = OffscreenCanvas.prototype.convertToBlob = () => new Promise(() => {}); }"
    )
    draw(page, (0.2, 0.2), (0.8, 0.3), (0.5, 0.8))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)


def test_only_pictures_that_are_seen_at_once_are_waited_for(page: Page) -> None:
    asked: list[str] = []
    page.route(
        "**/photos/*?size=thumbnail",
        lambda route: asked.append(route.request.url) or route.fulfill(status=404),
    )
    grid = "const {HitGrid} = await import('/static/sketch/hit-grid.js'); const grid = new HitGrid(document.createElement('ol'), () => {});"
    page.evaluate(
        f"async (hits) => {{ {grid} await grid.prepare(hits); window.grid = grid; }}",
        hits(*range(1, 21))["hits"],
    )
    assert len(asked) == 12
    page.evaluate("(hits) => grid.show(hits, 'cosine')", hits(*range(1, 21))["hits"])
    until(page, "grid.shown.length === 20")
    page.wait_for_timeout(200)
    assert len(asked) == 20


def test_more_hits_can_be_asked_for_where_there_may_be_more(page: Page) -> None:
    asked: list[int] = []

    def answer(route: Route) -> None:
        asked.append(int(re.search(rb'name="k"\r\n\r\n(\d+)', route.request.post_data_buffer or b"")[1]))  # type: ignore[index]
        route.fulfill(json=hits(*range(1, min(asked[-1], 30) + 1)))

    page.route("**/sbir/search", answer)
    more = page.get_by_role("button", name="Show more")
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#hits li")).to_have_count(24)
    more.click()
    expect(page.locator("#hits li")).to_have_count(30)
    assert asked[-1] == 48
    expect(more).to_be_hidden()  # there are no others


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


def test_the_eraser_erases_and_widths_differ(page: Page) -> None:
    draw(page, (0.2, 0.5), (0.8, 0.5))
    medium = ink(page)
    page.keyboard.press("e")
    draw(page, (0.5, 0.3), (0.5, 0.7))
    assert 0 < ink(page) < medium
    page.keyboard.press("Delete")
    page.keyboard.press("b")
    page.keyboard.press("]")
    draw(page, (0.2, 0.5), (0.8, 0.5))
    assert ink(page) > 1.5 * medium


def test_an_example_draws_itself(page: Page) -> None:
    page.get_by_role("button", name="bicycle").click()
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    assert ink(page) > 1000


def test_a_picture_of_a_sketch_takes_the_drawings_place(page: Page) -> None:
    file = BytesIO()
    Image.new("L", (60, 60), 0).save(file, "PNG")
    page.set_input_files(
        "#sketch-file", {"name": "black.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    assert ink(page) == page.evaluate("document.getElementById('canvas').width ** 2")


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_is_dropped_or_pasted(page: Page, way: str) -> None:
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


def test_a_hit_opens_large_and_leads_to_more_like_it(page: Page) -> None:
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


def test_translate_shows_as_many_pictures_as_asked_and_others_with_new_seeds(page: Page) -> None:
    page.get_by_role("tab", name="Translate").click()
    page.locator("#translate-samples").fill("3")
    page.locator("#translate-image input[type=file]").set_input_files(upload(1))
    results = page.locator("#translate-results img")
    expect(results).to_have_count(3)
    captions = page.locator("#translate-results .caption").all_text_contents()
    assert len(set(captions)) == 3
    with page.expect_response("**/translate") as response:
        page.get_by_role("button", name="New seeds").click()
    assert len({image["data"] for image in response.value.json()["images"]}) == 3
    expect(page.locator("#translate-results .caption").first).not_to_have_text(captions[0])
    expect(results).to_have_count(3)


def test_translate_begins_with_a_sample_where_there_are_some(blank: Page, origin: str) -> None:
    listed = [
        {"file": "0.png", "domain": "cd"},
        {"file": "1.png", "domain": "cb"},
        {"file": "2.png", "domain": "cd"},
    ]
    blank.route("**/static/samples/small-images/manifest.json", lambda route: route.fulfill(json=listed))
    blank.route(
        "**/static/samples/small-images/*.png",
        lambda route: route.fulfill(body=png(7), content_type="image/png"),
    )
    blank.goto(f"{origin}/#translate")
    expect(blank.locator("#translate-results img")).to_have_count(4)
    expect(blank.locator("#translate-image .samples button")).to_have_count(2)
    expect(blank.locator("#translate-reference .samples button")).to_have_count(1)


def test_a_reference_gives_one_picture_and_a_result_goes_back_in(page: Page) -> None:
    page.get_by_role("tab", name="Translate").click()
    page.locator("#translate-image input[type=file]").set_input_files(upload(1))
    expect(page.locator("#translate-results img")).to_have_count(4)
    page.locator("#translate-reference input[type=file]").set_input_files(upload(2))
    expect(page.locator("#translate-results img")).to_have_count(1)
    expect(page.locator("#translate-notice")).to_be_hidden()
    page.locator("#translate-results button").click()
    page.get_by_role("button", name="Use as picture").click()
    expect(page.locator("#translate-results img")).to_have_count(4)
    expect(page.locator("#translate-meta")).to_contain_text("cb → cd")


def test_analogy_shows_one_picture(page: Page) -> None:
    page.get_by_role("tab", name="Analogy").click()
    page.locator("#analogy-image input[type=file]").set_input_files(upload(1))
    expect(page.locator("#analogy-empty")).to_be_visible()
    page.locator("#analogy-reference input[type=file]").set_input_files(upload(2))
    expect(page.locator("#analogy-results img")).to_have_count(1)


def test_a_problem_is_said_and_goes_away(page: Page) -> None:
    page.get_by_role("tab", name="Translate").click()
    place = page.locator("#translate-image input[type=file]")
    with page.expect_response("**/translate") as response:
        place.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"})
    assert response.value.status in (415, 422)
    detail = response.value.json()["detail"]
    expect(page.locator("#translate-notice")).to_be_visible()
    assert detail.lower().rstrip(".") in str(page.locator("#translate-notice").text_content()).lower()
    place.set_input_files(upload(1))
    expect(page.locator("#translate-results img")).to_have_count(4)
    expect(page.locator("#translate-notice")).to_be_hidden()


def test_overload_is_said_and_tried_again(page: Page) -> None:
    problem = {
        "type": "about:blank",
        "title": "Too many",
        "status": 429,
        "detail": "many are waiting",
        "code": "overloaded",
    }
    refusals = [problem]

    def answer(route: Route) -> None:
        if refusals:
            route.fulfill(status=429, json=refusals.pop(), headers={"Retry-After": "1"})
        else:
            route.continue_()

    page.route("**/sbir/search", answer)
    page.set_input_files("#sketch-file", upload(1))
    expect(page.locator("#sketch-notice")).to_have_text("Many are waiting.")
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    expect(page.locator("#sketch-notice")).to_be_hidden()


def test_after_a_refusal_what_is_newer_is_asked_for_and_not_the_same_again(page: Page) -> None:
    script = """async () => {
        const { LatestRequest } = await import("/static/shell/latest-request.js");
        const [asked, shown, latest] = [[], [], new LatestRequest()];
        const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
        let refuse;
        const refused = new Promise((_, reject) => { refuse = () => reject(Object.assign(new Error("busy"), { retryAfter: 0.05 })); });
        const request = (name) => ({
            run: () => { asked.push(name); return asked.length === 1 ? refused : Promise.resolve(name); }, show: (answer) => shown.push(answer), fail: () => {},
        });
        latest.submit(request("older"));
        await pause(20);
        latest.submit(request("newer"));
        refuse();
        await pause(500);
        return [asked, shown];
    }"""
    assert page.evaluate(script) == [["older", "newer"], ["newer"]]


def test_a_key_is_asked_for_once_and_pictures_come_with_it(blank: Page, locked_origin: str) -> None:
    blank.goto(locked_origin)
    expect(blank.get_by_role("dialog")).to_contain_text("needs a key")
    blank.get_by_label("API key").fill("wrong")
    blank.get_by_role("button", name="Continue").click()
    expect(blank.locator("#key-reason")).to_have_text("The key was not accepted.")
    blank.get_by_label("API key").fill(KEY)
    blank.get_by_role("button", name="Continue").click()
    expect(blank.locator("#status-text")).to_have_text("2 models")
    draw(blank, (0.2, 0.2), (0.8, 0.3))
    expect(blank.locator("#hits li")).to_have_count(PHOTOS)
    until(
        blank,
        "[...document.querySelectorAll('#hits img')].every((image) => image.src.startsWith('blob:') && image.naturalWidth > 0)",
    )
    assert blank.evaluate("localStorage.length") == 0


def test_the_status_corner_names_models_and_galleries(page: Page) -> None:
    page.locator("#status-button").click()
    panel = page.locator("#status-panel")
    expect(panel).to_contain_text("small-sketches")
    expect(panel).to_contain_text(f"{PHOTOS} pictures")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_the_tabs_work_with_the_keyboard(page: Page) -> None:
    page.get_by_role("tab", name="Sketch").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Translate")).to_be_focused()
    expect(page.locator("#translate")).to_be_visible()
    expect(page.locator("#sketch")).to_be_hidden()


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_window(page: Page, origin: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    for mode in MODES:
        page.goto(f"{origin}/#{mode}")
        expect(page.locator(f"#{mode}")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_button_and_field_has_a_name(page: Page) -> None:
    for mode in MODES:
        page.locator(f"#tab-{mode}").click()
        snapshot = page.locator("body").aria_snapshot()
        assert not re.findall(
            r"^\s*- (?:button|textbox|combobox|slider|spinbutton|radio|tab)(?::|$)", snapshot, re.MULTILINE
        )


def files() -> list[Path]:
    return [path for path in sorted(WEB.rglob("*")) if path.is_file()]


def test_the_page_is_small_and_needs_no_other_host() -> None:
    assert sum(path.stat().st_size for path in files()) <= 200_000
    for path in files():
        if path.suffix == ".webp":
            continue
        addresses = re.findall(r"https?://[^\s\"'<>]+", path.read_text())
        assert all(address.startswith("http://www.w3.org/") for address in addresses), path.name


def test_the_policy_forbids_other_hosts(origin: str) -> None:
    policy = httpx.get(origin).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
