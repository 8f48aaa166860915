"""Galleries are made and filled from the page: one bad file among good ones, folders, and an administrator's key."""

from pathlib import Path

import httpx
import pytest
from browsing import ADMIN_KEY, KEY, PHOTOS, draw, png, until
from playwright.sync_api import FilePayload, Page, Route, expect


def files(*seeds: int) -> list[FilePayload]:
    return [{"name": f"{seed}.png", "mimeType": "image/png", "buffer": png(seed)} for seed in seeds]


def test_a_gallery_is_made_and_filled_though_one_file_is_bad(page: Page, origin: str) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    page.get_by_role("button", name="Photos", exact=True).click()
    page.get_by_label("Add to gallery").select_option("A new gallery…")
    page.get_by_label("Name").fill("fresh")
    bad: FilePayload = {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.set_input_files("#photos-files", [*files(10, 11), bad, *files(12, 13)])
    expect(page.locator("#photos-count")).to_have_text("5 of 5 · 1 failed")
    failures = page.locator("#photos-failures li")
    expect(failures).to_have_count(1)
    expect(failures).to_contain_text("notes.png")
    assert page.locator("#photos-bar").evaluate("(bar) => bar.value / bar.max") == 1
    expect(page.locator("#photos-newest img")).to_have_count(4)
    expect(page.locator("#gallery")).to_have_value("fresh")
    expect(page.locator("#hits li")).to_have_count(4)  # of the drawing, in the new gallery
    assert httpx.get(f"{origin}/galleries/fresh").json()["photos"] == 4
    page.locator("#hits li").first.click()
    expect(page.locator("#viewer-facts")).to_contain_text(".png")


@pytest.mark.parametrize(
    ("status", "code"), [(408, "upload_too_slow"), (413, "upload_too_large"), (422, "image_too_many_pixels")]
)
def test_a_file_that_is_refused_keeps_no_other_out(page: Page, status: int, code: str) -> None:
    page.get_by_role("button", name="Photos", exact=True).click()
    page.get_by_label("Add to gallery").select_option("A new gallery…")
    page.get_by_label("Name").fill(f"refusing-{status}")
    problem = {
        "type": "about:blank",
        "title": "AbortRequest",
        "status": status,
        "detail": f"refused with {status}",
        "code": code,
    }
    refusals = [problem]
    page.route(
        f"**/galleries/refusing-{status}/photos",
        lambda route: route.fulfill(status=status, json=refusals.pop()) if refusals else route.continue_(),
    )
    page.set_input_files("#photos-files", files(*range(40, 45)))
    expect(page.locator("#photos-count")).to_have_text("5 of 5 · 1 failed")
    expect(page.locator("#photos-failures li")).to_contain_text(["refused with"])
    expect(page.locator("#photos-newest img")).to_have_count(4)


def test_hits_come_in_while_photos_are_sent(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    page.get_by_role("button", name="Photos", exact=True).click()
    page.get_by_label("Add to gallery").select_option("A new gallery…")
    page.get_by_label("Name").fill("slow")
    held: list[Route] = []
    page.route(
        "**/galleries/slow/photos", lambda route: held.append(route) if len(held) < 9 else route.continue_()
    )
    page.set_input_files("#photos-files", files(*range(20, 29)))
    for _ in range(3):
        page.wait_for_timeout(200)
    assert len(held) == 3  # three at a time
    for route in held[:3]:
        route.continue_()
    expect(page.locator("#photos-count")).to_have_text("3 of 9")
    expect(page.locator("#hits li")).to_have_count(3)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.unroute("**/galleries/slow/photos")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#photos-count")).to_have_text("9 of 9")
    expect(page.locator("#hits li")).to_have_count(9)


def test_a_folder_gives_its_pictures_and_sub_folders_names_as_labels(
    page: Page, tmp_path: Path, origin: str
) -> None:
    for name, seed in (("loose.png", 30), ("cats/a.png", 31), ("cats/b.png", 32), ("dogs/c.png", 33)):
        file = tmp_path / "pictures" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png(seed))
    (tmp_path / "pictures" / "notes.txt").write_text("no picture")
    page.get_by_role("button", name="Photos", exact=True).click()
    page.get_by_label("Add to gallery").select_option("A new gallery…")
    page.get_by_label("Name").fill("folder")
    page.set_input_files("#photos-folder", tmp_path / "pictures")
    expect(page.locator("#photos-count")).to_have_text("4 of 4 · 1 other file skipped")
    photos = httpx.get(f"{origin}/galleries/folder/photos").json()["photos"]
    kept = {(photo["label"], photo["metadata"]["file"]) for photo in photos}
    assert kept == {
        (None, "pictures/loose.png"),
        ("cats", "pictures/cats/a.png"),
        ("cats", "pictures/cats/b.png"),
        ("dogs", "pictures/dogs/c.png"),
    }


def test_photos_are_dropped(page: Page) -> None:
    page.get_by_role("button", name="Photos", exact=True).click()
    page.get_by_label("Add to gallery").select_option("A new gallery…")
    page.get_by_label("Name").fill("dropped")
    page.evaluate("""async () => {
        const data = new DataTransfer();
        for (const colour of ["red", "blue"]) {
            const canvas = new OffscreenCanvas(40, 40), context = canvas.getContext("2d");
            context.fillStyle = colour;
            context.fillRect(0, 0, 40, 40);
            data.items.add(new File([await canvas.convertToBlob()], `${colour}.png`, {type: "image/png"}));
        }
        document.querySelector(".drop-zone").dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true})); }""")
    expect(page.locator("#photos-count")).to_have_text("2 of 2")
    expect(page.locator("#canvas")).to_be_visible()


def test_a_bad_name_is_said_before_anything_is_sent(page: Page) -> None:
    page.get_by_role("button", name="Photos", exact=True).click()
    page.get_by_label("Add to gallery").select_option("A new gallery…")
    page.get_by_label("Name").fill("My Photos")
    page.get_by_role("button", name="choose photos").click()
    assert page.locator("#photos-name").evaluate("(field) => field.validity.patternMismatch")
    page.get_by_label("Name").fill("things")  # there is one
    page.set_input_files("#photos-files", files(1))
    expect(page.locator("#photos-notice")).to_contain_text("things")


def test_an_administrators_key_is_asked_for_when_it_is_needed(blank: Page, locked_origin: str) -> None:
    blank.goto(locked_origin)
    blank.get_by_label("API key").fill(KEY)
    blank.get_by_role("button", name="Continue").click()
    expect(blank.locator("#status-text")).to_have_text("2 models")
    blank.get_by_role("button", name="Photos", exact=True).click()
    blank.get_by_label("Add to gallery").select_option("A new gallery…")
    blank.get_by_label("Name").fill("locked")
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
    assert (
        blank.evaluate("sessionStorage.getItem('iiae-api-key')") == KEY
    )  # what looks goes on looking with its own
    until(blank, "document.querySelectorAll('#photos-newest img').length === 2")
    until(
        blank, "[...document.querySelectorAll('#photos-newest img')].every((image) => image.naturalWidth > 0)"
    )
