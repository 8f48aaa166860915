"""The panel that creates and fills galleries."""

from pathlib import Path

import httpx
from browsing import PHOTOS, draw, files, open_new_gallery, png, wait_for_requests
from playwright.sync_api import FilePayload, Page, Route, expect


def test_bad_file_does_not_stop_a_new_gallery(page: Page, origin: str) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    open_new_gallery(page, "fresh")
    bad: FilePayload = {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.set_input_files("#photos-files", [*files(10, 11), bad, *files(12, 13)])
    expect(page.locator("#photos-count")).to_have_text("5 of 5 · 1 failed")
    failures = page.locator("#photos-failures li")
    expect(failures).to_have_count(1)
    expect(failures).to_contain_text("notes.png")
    assert page.locator("#photos-bar").evaluate("(bar) => bar.value / bar.max") == 1
    expect(page.locator("#photos-newest img")).to_have_count(4)
    expect(page.locator("#gallery")).to_have_value("fresh")
    expect(page.locator("#hits li")).to_have_count(4)  # the drawing is searched in the new gallery
    assert httpx.get(f"{origin}/galleries/fresh").json()["photos"] == 4
    page.locator("#hits li").first.click()
    expect(page.locator("#viewer-facts")).to_contain_text(".png")


def test_hits_appear_during_an_upload_that_can_be_stopped(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.8, 0.3))
    open_new_gallery(page, "slow")
    held: list[Route] = []
    page.route(
        "**/galleries/slow/photos", lambda route: held.append(route) if len(held) < 9 else route.continue_()
    )
    page.set_input_files("#photos-files", files(*range(20, 29)))
    wait_for_requests(page, held, 3)
    assert len(held) == 3  # uploads run at once
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


def test_folder_upload_labels_photos_by_subfolder(page: Page, tmp_path: Path, origin: str) -> None:
    for name, seed in (("loose.png", 30), ("cats/a.png", 31), ("cats/b.png", 32), ("dogs/c.png", 33)):
        file = tmp_path / "pictures" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png(seed))
    (tmp_path / "pictures" / "notes.txt").write_text("no picture")
    open_new_gallery(page, "folder")
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


def test_photos_can_be_dropped(page: Page) -> None:
    open_new_gallery(page, "dropped")
    page.evaluate("""async () => {
        const data = new DataTransfer();
        for (const colour of ["red", "blue"]) {
            const canvas = new OffscreenCanvas(40, 40), context = canvas.getContext("2d");
            context.fillStyle = colour;
            context.fillRect(0, 0, 40, 40);
            data.items.add(new File([await canvas.convertToBlob()], `${colour}.png`, {type: "image/png"}));
        }
        const drop = new DragEvent("drop", {dataTransfer: data, bubbles: true});
        document.querySelector(".drop-zone").dispatchEvent(drop); }""")
    expect(page.locator("#photos-count")).to_have_text("2 of 2")
    expect(page.locator("#canvas")).to_be_visible()


def test_a_dropped_folder_keeps_its_paths(page: Page, origin: str) -> None:
    open_new_gallery(page, "tree")
    page.evaluate("""async () => {
        const canvas = new OffscreenCanvas(40, 40);
        canvas.getContext("2d").fillRect(5, 5, 20, 20);
        const picture = new File([await canvas.convertToBlob()], "A.PNG", {type: "image/png"});
        const file = {isFile: true, fullPath: "/Trip/Rome/A.PNG", name: "A.PNG"};
        file.file = (take) => take(picture);
        const folder = (name, ...entries) => ({isFile: false, isDirectory: true, name,
            createReader: () => ({readEntries: (take) => take(entries.splice(0))})});
        const item = {webkitGetAsEntry: () => folder("Trip", folder("Rome", file))};
        const drop = new DragEvent("drop", {bubbles: true});
        Object.defineProperty(drop, "dataTransfer", {value: {items: [item], files: []}});
        document.querySelector(".drop-zone").dispatchEvent(drop); }""")
    expect(page.locator("#photos-count")).to_have_text("1 of 1")
    (photo,) = httpx.get(f"{origin}/galleries/tree/photos").json()["photos"]
    assert (photo["label"], photo["metadata"]["file"]) == ("Rome", "Trip/Rome/A.PNG")


def test_bad_name_is_reported_before_the_upload(page: Page) -> None:
    open_new_gallery(page, "My Photos")
    page.get_by_role("button", name="choose photos").click()
    assert page.locator("#photos-name").evaluate("(field) => field.validity.patternMismatch")
    page.get_by_label("Name").fill("things")  # exists already
    page.set_input_files("#photos-files", files(1))
    expect(page.locator("#photos-notice")).to_contain_text("things")
