"""The key dialog: readers' and administrators' keys."""

from browsing import ADMIN_KEY, KEY, PHOTOS, draw, files, open_new_gallery, until
from playwright.sync_api import Page, expect


def test_page_asks_for_a_key_once_and_sends_it_for_pictures(blank: Page, locked_origin: str) -> None:
    blank.goto(locked_origin)
    expect(blank.get_by_role("dialog")).to_contain_text("needs a key")
    blank.get_by_label("API key").fill("wrong")
    blank.get_by_role("button", name="Continue").click()
    expect(blank.locator("#key-reason")).to_have_text("The key was not accepted.")
    blank.get_by_label("API key").fill(KEY)
    blank.get_by_role("button", name="Continue").click()
    expect(blank.locator("#status-text")).to_have_text("Ready")
    draw(blank, (0.2, 0.2), (0.8, 0.3))
    expect(blank.locator("#hits li")).to_have_count(PHOTOS)
    until(blank, "[...document.querySelectorAll('#hits img')].every((image) => image.naturalWidth > 0)")
    assert blank.locator("#hits img:not([src^='blob:'])").count() == 0
    assert blank.evaluate("localStorage.length") == 0


def test_uploads_ask_for_an_administrator_key(blank: Page, locked_origin: str) -> None:
    blank.goto(locked_origin)
    blank.get_by_label("API key").fill(KEY)
    blank.get_by_role("button", name="Continue").click()
    expect(blank.locator("#status-text")).to_have_text("Ready")
    open_new_gallery(blank, "locked")
    blank.set_input_files("#photos-files", files(40, 41))
    expect(blank.locator("#key-title")).to_have_text("This needs an administrator’s key")
    blank.get_by_role("button", name="Not now").click()
    expect(blank.locator("#photos-notice")).to_contain_text("administrator's key")
    blank.set_input_files("#photos-files", files(40, 41))
    blank.get_by_label("API key").fill("wrong")
    blank.get_by_role("button", name="Continue").click()
    expect(blank.locator("#key-reason")).to_have_text("This key does not allow changes.")
    blank.get_by_label("API key").fill(ADMIN_KEY)
    blank.get_by_role("button", name="Continue").click()
    expect(blank.locator("#photos-count")).to_have_text("2 of 2")
    expect(blank.locator("#photos-notice")).to_be_hidden()
    # Reading continues with the reader's key.
    assert blank.evaluate("sessionStorage.getItem('iiae-api-key')") == KEY
    expect(blank.locator("#photos-newest img")).to_have_count(2)
    until(blank, "[...document.querySelectorAll('#photos-newest img')].every((img) => img.naturalWidth > 0)")
