"""axe finds nothing serious in any mode, light or dark, wide or narrow; and a keyboard is enough."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import MODES, PHOTOS, draw, upload
from playwright.sync_api import Page, expect

GRAVE = {"serious", "critical"}


def grave(page: Page) -> list[str]:
    """What axe holds against the page, and where."""
    violations = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in violations
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


@pytest.fixture(
    params=[("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)],
    ids=lambda look: f"{look[0]}-{look[1]}",
)
def looked_at(request: pytest.FixtureRequest, page: Page) -> Page:
    scheme, width = request.param
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 844})
    return page


@pytest.mark.parametrize("mode", MODES)
def test_nothing_serious_in_an_empty_mode(looked_at: Page, mode: str) -> None:
    looked_at.locator(f"#tab-{mode}").click()
    looked_at.locator("#status-button").click()
    expect(looked_at.locator("#status-panel")).to_contain_text("small-sketches")
    assert grave(looked_at) == []


def test_nothing_serious_in_sketch_search(looked_at: Page) -> None:
    page = looked_at
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.get_by_role("button", name="Add this drawing").click()
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    page.get_by_role("button", name="Photos", exact=True).click()
    bad = {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.set_input_files("#photos-files", [bad, upload(0)])
    expect(page.locator("#photos-failures li")).to_have_count(1)
    assert grave(page) == []
    page.locator("#hits li").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert grave(page) == []


def test_nothing_serious_in_translate_and_analogy(looked_at: Page) -> None:
    page = looked_at
    page.locator("#tab-translate").click()
    page.locator("#translate-image input[type=file]").set_input_files(upload(1))
    expect(page.locator("#translate-results img")).to_have_count(4)
    for which in ("reference", "second"):
        page.locator(f"#translate-{which} input[type=file]").set_input_files(upload(2))
    expect(page.locator("#translate-results img")).to_have_count(1)
    assert grave(page) == []
    page.evaluate("document.querySelector('#translate-results').setAttribute('aria-busy', 'true')")
    page.wait_for_timeout(500)  # as it looks when an answer is long in coming
    assert grave(page) == []
    page.locator("#tab-analogy").click()
    page.locator("#analogy-image input[type=file]").set_input_files(upload(1))
    page.locator("#analogy-reference input[type=file]").set_input_files(upload(2))
    expect(page.locator("#analogy-results img")).to_have_count(1)
    assert grave(page) == []


def test_nothing_serious_in_the_key_dialog(blank: Page, locked_origin: str) -> None:
    blank.goto(locked_origin)
    expect(blank.get_by_role("dialog")).to_be_visible()
    assert grave(blank) == []


def test_a_search_by_keyboard_alone(page: Page) -> None:
    page.keyboard.press("x")  # an example draws itself
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    page.keyboard.press("a")
    expect(page.locator("#extra-queries-list li")).to_have_count(1)
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.id || document.activeElement.closest('[id]')?.id || ''")
        )
    assert {
        "pen",
        "undo",
        "add-photo",
        "copy-link",
        "gallery",
        "photos-button",
        "hits",
        "expand",
        "status-button",
        "extra-queries-list",
    } <= reached
    page.locator("#hits button").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#viewer-facts")).to_contain_text("2 of 6")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.evaluate("document.activeElement.closest('#hits') !== null")


def test_what_changes_is_told_to_screen_readers(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.get_by_role("status")).to_contain_text("6 hits; the best is thing")
