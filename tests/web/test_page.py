"""The page as a whole: its size, width and content policy."""

import re
from pathlib import Path

import httpx
import pytest
from browsing import MODES, PHOTOS, draw
from playwright.sync_api import Page, expect

from service.http.page import WEB


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_page_fits_the_window(page: Page, origin: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    for mode in MODES:
        page.goto(f"{origin}/#{mode}")
        expect(page.locator(f"#{mode}-mode")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def page_files() -> list[Path]:
    return [path for path in sorted(WEB.rglob("*")) if path.is_file()]


def test_page_is_small_and_has_no_external_urls() -> None:
    assert sum(path.stat().st_size for path in page_files()) <= 300_000
    for path in page_files():
        if path.suffix == ".webp":
            continue
        addresses = re.findall(r"https?://[^\s\"'<>]+", path.read_text())
        assert all(address.startswith("http://www.w3.org/") for address in addresses), path.name


def test_content_policy_forbids_other_hosts(origin: str) -> None:
    policy = httpx.get(origin).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("size", [(390, 844), (820, 1180), (820, 700)])
@pytest.mark.parametrize("mode", ["", *MODES])
def test_nothing_is_scrolled_away_at_load(blank: Page, origin: str, mode: str, size: tuple[int, int]) -> None:
    blank.set_viewport_size({"width": size[0], "height": size[1]})
    blank.goto(f"{origin}/#{mode}" if mode else origin)
    expect(blank.locator("#status-text")).to_have_text("Ready")
    blank.wait_for_timeout(300)  # browsers scroll to a fragment after the page has loaded
    assert blank.evaluate("scrollY") == 0
    expect(blank.get_by_role("tab", name="Translate")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [390, 820, 1100, 1280, 1920])
def test_the_header_and_the_results_head_are_not_broken_into_lines(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    lines = [[".brand", ".tabs", ".status-button"], ["#gallery", "#browse-button", "#photos-button"]]
    if width >= 1280:
        lines[1].append("#hits-title")
    for line in lines:
        boxes = [page.locator(each).bounding_box() for each in line]
        middles = [box["y"] + box["height"] / 2 for box in boxes if box]
        assert len(middles) == len(line)
        assert max(middles) - min(middles) < 10, line
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_galleries_there_is_no_empty_choice(blank: Page, origin: str) -> None:
    blank.route("**/galleries", lambda route: route.fulfill(json={"galleries": [], "damaged": []}))
    blank.goto(origin)
    expect(blank.locator("#sketch-lead")).to_have_text("There are no pictures to search yet.")
    expect(blank.locator("#gallery")).to_be_hidden()
    expect(blank.locator("#browse-button")).to_be_hidden()
    expect(blank.locator("#sketch-first-photos")).to_be_visible()
    blank.get_by_role("button", name="Add photos", exact=True).last.click()
    expect(blank.locator("#photos-name")).to_be_visible()
    expect(blank.locator("#sketch-first-photos")).to_be_hidden()  # the open panel offers the same
