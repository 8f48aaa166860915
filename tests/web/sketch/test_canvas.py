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
            if (path === "sbir/search") options.body.get("sketch").arrayBuffer().then(record);
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


def touch(page: Page, kind: str, kinds: str, *, at: int, pointer: int, side: float = 20) -> None:
    """Send pointer events to the paper: `kinds` are initials of down, move and up, `at` is in CSS pixels."""
    page.locator("#canvas").evaluate(
        """(canvas, {kind, kinds, at, pointer, side}) => {
            const box = canvas.getBoundingClientRect();
            const names = {d: "pointerdown", m: "pointermove", u: "pointerup"};
            const x = {d: at, m: at + 120, u: at + 120};
            canvas.setPointerCapture = () => {};
            for (const each of kinds) canvas.dispatchEvent(new PointerEvent(names[each], {
                pointerId: pointer, pointerType: kind, bubbles: true, cancelable: true, width: side,
                height: side, pressure: 0.5, clientX: box.x + x[each], clientY: box.y + at}));
        }""",
        {"kind": kind, "kinds": kinds, "at": at, "pointer": pointer, "side": side},
    )


def test_a_palm_before_the_first_pen_stroke_does_not_swallow_it(page: Page) -> None:
    touch(page, "pen", "dmu", at=100, pointer=1)
    pen_alone = ink(page)
    assert pen_alone > 0
    page.reload()
    expect(page.locator("#status-text")).to_have_text("Ready")
    touch(page, "touch", "dm", at=300, pointer=2)  # the palm rests
    assert ink(page) > 0
    touch(page, "pen", "dmu", at=100, pointer=3)
    touch(page, "touch", "mu", at=300, pointer=2)
    assert ink(page) == pen_alone  # the pen's stroke is there, and the palm's is gone


def test_fingers_work_again_after_a_pen_was_used(page: Page) -> None:
    touch(page, "pen", "dmu", at=100, pointer=1)
    pen_alone = ink(page)
    touch(page, "touch", "dmu", at=300, pointer=2)
    assert ink(page) == pen_alone  # the hand that holds the pen
    page.wait_for_timeout(1100)
    touch(page, "touch", "dmu", at=300, pointer=3, side=80)
    assert ink(page) == pen_alone  # a palm
    touch(page, "touch", "dmu", at=300, pointer=4)
    assert ink(page) > pen_alone
