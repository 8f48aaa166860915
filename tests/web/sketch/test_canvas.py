"""The paper: strokes as pixels, and the picture that is sent."""

import time
from io import BytesIO

import numpy as np
import pytest
from browsing import PHOTOS, draw, ink
from PIL import Image
from playwright.sync_api import Page, expect


def test_sent_picture_shows_the_drawing_dark_on_white(page: Page) -> None:
    page.evaluate("""() => {
        const send = window.fetch;
        const record = (bytes) => { window.sent = [...new Uint8Array(bytes)]; };
        window.fetch = (path, options) => {
            if (path === "/sbir/search") options.body.get("sketch").arrayBuffer().then(record);
            return send(path, options);
        };
    }""")
    draw(page, (0.25, 0.75), (0.75, 0.75))
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    deadline = time.monotonic() + 10
    while True:  # the last picture shows the whole stroke
        picture = np.asarray(Image.open(BytesIO(bytes(page.evaluate("window.sent")))).convert("L"))
        dark = np.argwhere(picture < 128) / picture.shape[0]
        if dark[:, 1].max() > 0.74 or time.monotonic() > deadline:
            break
        page.wait_for_timeout(50)
    assert picture[0, 0] == 255
    assert abs(dark[:, 0].mean() - 0.75) < 0.02
    assert dark[:, 1].min() == pytest.approx(0.25, abs=0.02)
    assert dark[:, 1].max() == pytest.approx(0.75, abs=0.02)


def test_eraser_and_stroke_widths(page: Page) -> None:
    draw(page, (0.2, 0.5), (0.8, 0.5))
    medium = ink(page)
    page.keyboard.press("e")
    draw(page, (0.5, 0.3), (0.5, 0.7))
    assert 0 < ink(page) < medium
    page.keyboard.press("Delete")
    page.keyboard.press("b")
    page.keyboard.press("]")
    draw(page, (0.2, 0.5), (0.8, 0.5))
    assert ink(page) > 1.5 * medium
