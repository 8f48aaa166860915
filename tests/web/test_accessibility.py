"""axe finds no serious violation in any mode, light or dark, wide or narrow; the keyboard is enough."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import MODES, PHOTOS, draw, graded, upload
from playwright.sync_api import Page, expect

SERIOUS = {"serious", "critical"}


def violations(page: Page) -> list[str]:
    """Return the serious and critical violations that axe finds in light and in dark, with their elements."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for each in Axe().run(page).response["violations"]:
            if each["impact"] in SERIOUS:
                found += [
                    f"{scheme}: {each['id']}: {node['target']} {node['failureSummary']}"
                    for node in each["nodes"]
                ]
    return found


@pytest.fixture(params=[1280, 390])
def sized_page(request: pytest.FixtureRequest, page: Page) -> Page:
    page.set_viewport_size({"width": request.param, "height": 844})
    return page


@pytest.mark.parametrize("mode", MODES)
def test_empty_mode_has_no_violations(sized_page: Page, mode: str) -> None:
    sized_page.locator(f"#tab-{mode}").click()
    sized_page.locator("#status-button").click()
    expect(sized_page.locator("#status-panel")).to_contain_text("small-sketches")
    assert violations(sized_page) == []


def test_sketch_search_has_no_violations(sized_page: Page) -> None:
    page = sized_page
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.get_by_role("button", name="Add this drawing").click()
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    page.get_by_role("button", name="Add photos", exact=True).click()
    bad = {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.set_input_files("#photos-files", [bad, upload(0)])
    expect(page.locator("#photos-failures li")).to_have_count(1)
    assert violations(page) == []
    page.locator("#hits li").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []


def test_browsing_has_no_violations(sized_page: Page) -> None:
    page = sized_page
    page.get_by_role("button", name="Browse").click()
    expect(page.locator("#browse-photos li")).to_have_count(PHOTOS)
    page.get_by_role("button", name="Select", exact=True).click()
    page.locator("#browse-photos button").first.click()
    assert violations(page) == []
    page.get_by_role("button", name="Delete the selected").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("grades", [("strong", "possible", "weak"), ("weak",), ()], ids=len)
def test_grades_have_no_violations(sized_page: Page, grades: tuple[str, ...]) -> None:
    page = sized_page
    page.route("**/sbir/search", lambda route: route.fulfill(json=graded(*grades)))
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#sketch-empty")).to_be_hidden()
    expect(page.locator("#hits .score")).to_have_count(len(grades))
    assert violations(page) == []


def test_translate_and_analogy_have_no_violations(sized_page: Page) -> None:
    page = sized_page
    page.locator("#tab-translate").click()
    page.locator("#translate-image input[type=file]").set_input_files(upload(1))
    expect(page.locator("#translate-results img")).to_have_count(4)
    for which in ("reference", "second"):
        page.locator(f"#translate-{which} input[type=file]").set_input_files(upload(2))
    expect(page.locator("#translate-results img")).to_have_count(1)
    assert violations(page) == []
    page.evaluate("document.querySelector('#translate-results').setAttribute('aria-busy', 'true')")
    page.wait_for_timeout(500)  # results fade while an answer is slow
    assert violations(page) == []
    page.locator("#tab-analogy").click()
    page.locator("#analogy-image input[type=file]").set_input_files(upload(1))
    page.locator("#analogy-reference input[type=file]").set_input_files(upload(2))
    expect(page.locator("#analogy-results img")).to_have_count(1)
    assert violations(page) == []


def test_key_dialog_has_no_violations(blank: Page, locked_origin: str) -> None:
    blank.goto(locked_origin)
    expect(blank.get_by_role("dialog")).to_be_visible()
    assert violations(blank) == []


def test_search_works_with_the_keyboard_alone(page: Page) -> None:
    page.keyboard.press("x")  # draws an example
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
        "browse-button",
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


def test_hits_are_announced_to_screen_readers(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.get_by_role("status")).to_contain_text("6 pictures; the best is thing")


def test_controls_have_names(page: Page) -> None:
    for mode in MODES:
        page.locator(f"#tab-{mode}").click()
        snapshot = page.locator("body").aria_snapshot()
        assert not re.findall(
            r"^\s*- (?:button|textbox|combobox|slider|spinbutton|radio|tab)(?::|$)", snapshot, re.MULTILINE
        )
