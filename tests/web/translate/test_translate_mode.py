"""Translate: samples, seeds, and one or two styles."""

import base64
from io import BytesIO

import numpy as np
from browsing import (
    png,
    upload,
)
from PIL import Image
from playwright.sync_api import Page, Response, expect


def result_url(page: Page) -> str:
    return str(page.locator("#translate-results img").get_attribute("src"))


def pixels(response: Response) -> np.ndarray:
    (image,) = response.json()["images"]
    return np.asarray(Image.open(BytesIO(base64.b64decode(image["data"])))).astype(int)


def translate_with_style(page: Page) -> None:
    page.get_by_role("tab", name="Translate").click()
    page.locator("#translate-image input[type=file]").set_input_files(upload(1))
    expect(page.locator("#translate-results img")).to_have_count(4)
    page.locator("#translate-reference input[type=file]").set_input_files(upload(2))
    expect(page.locator("#translate-results img")).to_have_count(1)


def set_mix(page: Page, share: int) -> np.ndarray:
    with page.expect_response("**/translate") as response:
        page.locator("#translate-mix").fill(str(share))
    expect(page.locator("#translate-mix-value")).to_have_text(f"{share} %")
    return pixels(response.value)


def test_sample_count_and_new_seeds(page: Page) -> None:
    page.get_by_role("tab", name="Translate").click()
    page.locator("#translate-samples").fill("3")
    page.locator("#translate-image input[type=file]").set_input_files(upload(1))
    results = page.locator("#translate-results img")
    expect(results).to_have_count(3)
    captions = page.locator("#translate-results .caption").all_text_contents()
    assert len(set(captions)) == 3
    with page.expect_response("**/translate") as response:
        page.get_by_role("button", name="Other variations").click()
    assert len({image["data"] for image in response.value.json()["images"]}) == 3
    expect(page.locator("#translate-results .caption").first).not_to_have_text(captions[0])
    expect(results).to_have_count(3)


def test_mode_starts_with_a_sample(blank: Page, origin: str) -> None:
    listed = [
        {"file": "0.png", "domain": "cd"},
        {"file": "1.png", "domain": "cb"},
        {"file": "2.png", "domain": "cd"},
    ]
    index = {"small-images": listed}
    blank.route("**/static/samples/manifest.json", lambda route: route.fulfill(json=index))
    blank.route(
        "**/static/samples/small-images/*.png",
        lambda route: route.fulfill(body=png(7), content_type="image/png"),
    )
    blank.goto(f"{origin}/#translate")
    expect(blank.locator("#translate-results img")).to_have_count(4)
    expect(blank.locator("#translate-image .samples button")).to_have_count(2)
    expect(blank.locator("#translate-reference .samples button")).to_have_count(1)


def test_style_gives_one_result_which_translates_back(page: Page) -> None:
    page.get_by_role("tab", name="Translate").click()
    page.locator("#translate-image input[type=file]").set_input_files(upload(1))
    expect(page.locator("#translate-results img")).to_have_count(4)
    page.locator("#translate-reference input[type=file]").set_input_files(upload(2))
    expect(page.locator("#translate-results img")).to_have_count(1)
    expect(page.locator("#translate-notice")).to_be_hidden()
    page.locator("#translate-results button").click()
    page.get_by_role("button", name="Use as picture").click()
    expect(page.locator("#translate-results img")).to_have_count(4)
    expect(page.locator("#translate-meta")).to_contain_text("coloured digit → coloured ground")


def test_error_is_shown_until_the_next_result(page: Page) -> None:
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


def test_slider_mixes_two_styles(page: Page) -> None:
    page.get_by_role("tab", name="Translate").click()
    expect(page.locator("#translate-second")).to_be_hidden()
    translate_with_style(page)
    expect(page.locator("#translate-mix-field")).to_be_hidden()
    with page.expect_response("**/translate"):
        page.locator("#translate-second input[type=file]").set_input_files(upload(3))
    first, quarter, last = (set_mix(page, share) for share in (0, 25, 100))
    assert 0 < np.abs(quarter - first).mean() < np.abs(last - first).mean()
    with page.expect_response(
        "**/translate"
    ) as second_alone:  # the second style takes the place of the first
        page.get_by_role("button", name="Remove: Style (optional)").click()
    assert np.abs(pixels(second_alone.value) - last).max() <= 1
    expect(page.locator("#translate-second")).to_be_visible()
    expect(page.locator("#translate-mix-field")).to_be_hidden()
    expect(page.locator("#translate-notice")).to_be_hidden()


def test_slider_works_with_the_keyboard(page: Page) -> None:
    translate_with_style(page)
    page.locator("#translate-second input[type=file]").set_input_files(upload(3))
    before = result_url(page)
    page.get_by_label("Mix of the two styles").focus()
    page.keyboard.press("End")
    expect(page.locator("#translate-mix-value")).to_have_text("100 %")
    expect(page.locator("#translate-results img")).not_to_have_attribute("src", before)


def test_result_can_be_used_as_second_style(page: Page) -> None:
    translate_with_style(page)
    page.locator("#translate-results button").click()
    page.get_by_role("button", name="Use as second style").click()
    expect(page.locator("#translate-mix-field")).to_be_visible()
    expect(page.locator("#translate-results img")).to_have_count(1)
    expect(page.locator("#translate-notice")).to_be_hidden()


def test_changing_the_direction_of_a_sample_translates_its_result_back(blank: Page, origin: str) -> None:
    index = {"small-images": [{"file": "1.png", "domain": "cb"}]}
    blank.route("**/static/samples/manifest.json", lambda route: route.fulfill(json=index))
    blank.route(
        "**/static/samples/small-images/1.png",
        lambda route: route.fulfill(body=png(7), content_type="image/png"),
    )
    blank.goto(f"{origin}/#translate")
    meta, results = blank.locator("#translate-meta"), blank.locator("#translate-results img")
    expect(meta).to_have_text("coloured digit → coloured ground")  # only it has a sample
    expect(results).to_have_count(4)
    blank.get_by_label("coloured ground → coloured digit").check()
    expect(meta).to_have_text("coloured ground → coloured digit")
    expect(results).to_have_count(4)
