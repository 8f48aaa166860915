"""Pictures that Chromium cannot show, such as HEIC, in every place of the page that takes pictures."""

from pathlib import Path

import httpx
import pytest
from browsing import PHOTOS, draw, ink, open_new_gallery, until
from picture_files import NOISE, saved
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

SHOWN = "(selector) => document.querySelector(selector)?.naturalWidth > 0"


def file(name: str, kind: str, image: Image.Image = NOISE) -> FilePayload:
    return {"name": name, "mimeType": "", "buffer": saved(image, kind)}


@pytest.mark.parametrize(("name", "kind"), [("IMG_1.HEIC", "HEIF"), ("scan.tif", "TIFF"), ("a.avif", "AVIF")])
def test_pictures_are_opened_as_sketches(page: Page, name: str, kind: str) -> None:
    page.set_input_files("#sketch-file", file(name, kind, Image.new("RGB", (64, 64))))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    assert ink(page) == page.evaluate("document.getElementById('canvas').width ** 2")


def test_pictures_are_shown_where_they_are_translated(page: Page) -> None:
    page.get_by_role("tab", name="Translate").click()
    page.locator("#translate-image input[type=file]").set_input_files(file("IMG_1.HEIC", "HEIF"))
    expect(page.locator("#translate-results img")).to_have_count(4)
    until(page, SHOWN, "#translate-image .well img")


def test_pictures_are_shown_where_they_are_combined(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.set_input_files("#photo-file", file("IMG_1.HEIC", "HEIF"))
    until(page, SHOWN, "#extra-queries-list img")
    expect(page.locator("#hits li")).to_have_count(PHOTOS)


def test_folders_of_any_pictures_are_added_and_shown(page: Page, tmp_path: Path, origin: str) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, (name, kind) in enumerate({"a.HEIC": "HEIF", "b": "JPEG", "c.dat": "TIFF"}.items()):
        (folder / name).write_bytes(saved(NOISE.rotate(90 * number, expand=True), kind))
    (folder / "notes.txt").write_text("no picture")
    open_new_gallery(page, "phones")
    page.set_input_files("#photos-folder", folder)
    expect(page.locator("#photos-count")).to_have_text("3 of 3 · 1 other file skipped")
    assert httpx.get(f"{origin}/galleries/phones").json()["photos"] == 3
    page.keyboard.press("Escape")
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#hits li")).to_have_count(3)
    for number in range(3):
        page.locator("#hits li").nth(number).click()
        until(page, "() => [96, 128].includes(document.getElementById('viewer-image').naturalWidth)")
        page.keyboard.press("Escape")


def test_a_file_that_is_no_picture_is_named(page: Page) -> None:
    page.set_input_files("#sketch-file", {"name": "IMG_2.HEIC", "mimeType": "", "buffer": b"none"})
    expect(page.get_by_text("“IMG_2.HEIC” is not a picture; use PNG, JPEG, WebP, HEIC")).to_be_visible()
