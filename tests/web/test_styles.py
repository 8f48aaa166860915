"""Translation between two styles, and pictures that are dragged to where they are used."""

import base64
from io import BytesIO

import numpy as np
from browsing import upload
from PIL import Image
from playwright.sync_api import Page, Response, expect


def shown(page: Page) -> str:
    return str(page.locator("#translate-results img").get_attribute("src"))


def picture(response: Response) -> np.ndarray:
    (image,) = response.json()["images"]
    return np.asarray(Image.open(BytesIO(base64.b64decode(image["data"])))).astype(int)


def styled(page: Page) -> None:
    page.get_by_role("tab", name="Translate").click()
    page.locator("#translate-image input[type=file]").set_input_files(upload(1))
    expect(page.locator("#translate-results img")).to_have_count(4)
    page.locator("#translate-reference input[type=file]").set_input_files(upload(2))
    expect(page.locator("#translate-results img")).to_have_count(1)


def mixed(page: Page, share: int) -> np.ndarray:
    with page.expect_response("**/translate") as response:
        page.locator("#translate-mix").fill(str(share))
    expect(page.locator("#translate-mix-value")).to_have_text(f"{share} %")
    return picture(response.value)


def test_a_slider_goes_from_one_style_to_another(page: Page) -> None:
    page.get_by_role("tab", name="Translate").click()
    expect(page.locator("#translate-second")).to_be_hidden()
    styled(page)
    expect(page.locator("#translate-mix-field")).to_be_hidden()
    with page.expect_response("**/translate"):
        page.locator("#translate-second input[type=file]").set_input_files(upload(3))
    first, quarter, last = (mixed(page, share) for share in (0, 25, 100))
    assert 0 < np.abs(quarter - first).mean() < np.abs(last - first).mean()
    with page.expect_response(
        "**/translate"
    ) as alone:  # the first is removed, and the second is the only style
        page.get_by_role("button", name="Remove: Style (optional)").click()
    assert np.abs(picture(alone.value) - last).max() <= 1
    expect(page.locator("#translate-second")).to_be_visible()
    expect(page.locator("#translate-mix-field")).to_be_hidden()
    expect(page.locator("#translate-notice")).to_be_hidden()


def test_the_slider_works_by_keyboard(page: Page) -> None:
    styled(page)
    page.locator("#translate-second input[type=file]").set_input_files(upload(3))
    before = shown(page)
    page.get_by_label("Mix of the two styles").focus()
    page.keyboard.press("End")
    expect(page.locator("#translate-mix-value")).to_have_text("100 %")
    expect(page.locator("#translate-results img")).not_to_have_attribute("src", before)


def test_a_result_is_dragged_to_the_picture_and_the_style(page: Page) -> None:
    page.get_by_role("tab", name="Translate").click()
    page.locator("#translate-image input[type=file]").set_input_files(upload(1))
    expect(page.locator("#translate-results img")).to_have_count(4)
    page.locator("#translate-results li").nth(1).drag_to(page.locator("#translate-reference .well"))
    expect(page.locator("#translate-results img")).to_have_count(1)
    expect(page.get_by_role("button", name="Remove: Style (optional)")).to_be_visible()


def test_a_result_becomes_the_second_style(page: Page) -> None:
    styled(page)
    page.locator("#translate-results button").click()
    page.get_by_role("button", name="Use as second style").click()
    expect(page.locator("#translate-mix-field")).to_be_visible()
    expect(page.locator("#translate-results img")).to_have_count(1)
    expect(page.locator("#translate-notice")).to_be_hidden()
