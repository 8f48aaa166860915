"""An opened photo whose original cannot be loaded is shown by its thumbnail."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from browsing import draw, until
from playwright.sync_api import Page, expect

SIZE = "document.getElementById('viewer-image').naturalWidth"


@pytest.fixture
def lost(origin: str, home: Path) -> Iterator[None]:
    """The originals of the gallery are gone for the time of a test."""
    folder, away = home / "galleries/things/photos", home / "away"
    folder.rename(away)
    assert httpx.get(f"{origin}/galleries/things/photos/1").status_code == 404
    yield
    shutil.rmtree(folder, ignore_errors=True)
    away.rename(folder)


@pytest.mark.usefixtures("lost")
def test_a_hit_without_its_original_is_its_thumbnail(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.locator("#hits li").first.click()
    facts = page.locator("#viewer-facts")
    expect(facts).to_contain_text("Originalcannot be loaded; this is its thumbnail")
    until(page, f"{SIZE} === 48")
    page.keyboard.press("ArrowRight")
    expect(facts.locator("dt", has_text="Original")).to_have_count(1)


@pytest.mark.usefixtures("lost")
def test_a_browsed_photo_without_its_original_is_its_thumbnail(page: Page) -> None:
    page.get_by_role("button", name="Browse").click()
    page.locator("#browse-photos button").first.click()
    expect(page.locator("#viewer-facts")).to_contain_text("this is its thumbnail")
    until(page, f"{SIZE} === 48")


@pytest.mark.usefixtures("lost")
def test_a_download_that_fails_says_why(page: Page) -> None:
    page.get_by_role("button", name="Browse").click()
    page.locator("#browse-photos button").first.click()
    notice = page.locator("#viewer-notice")
    expect(notice).to_be_hidden()
    page.get_by_role("button", name="Download").click()
    expect(notice).to_have_text(re.compile("^The file of photo 1 is no longer at its path"))
    page.keyboard.press("ArrowRight")
    expect(notice).to_be_hidden()


def test_a_photo_with_its_original_says_nothing_of_it(page: Page) -> None:
    page.get_by_role("button", name="Browse").click()
    page.locator("#browse-photos button").first.click()
    until(page, f"{SIZE} === 48")
    expect(page.locator("#viewer-facts")).not_to_contain_text("Original")
