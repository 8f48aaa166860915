"""Record the README's animation: drawings on the page, their hits, an opened hit, and a translation.

    python -m benchmarks.page_animation http://127.0.0.1:8000/ docs/drawing.webp

Start the service with `iiae demo`. Needs Chromium.
"""

import argparse
import time
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, ViewportSize, sync_playwright

CHROMIUM = "/usr/bin/chromium"
VIEW = ViewportSize(width=1280, height=740)
SCALE = 0.66
FRAME_MS, LAST_FRAME_MS = 90, 2200
PAUSE_S = 0.02
SETTLE_MS = 1000
TIMEOUT_MS = 300_000


def example_strokes(page: Page, name: str) -> list[list[tuple[float, float]]]:
    """Return one of the page's example drawings, in fractions of the paper."""
    script = """async (name) => {
        const { exampleStrokes } = await import("/static/sketch/examples.js");
        return exampleStrokes(name, 512, 7).map(({points}) => points.map(({x, y}) => [x / 512, y / 512]));
    }"""
    return [[(x, y) for x, y in stroke] for stroke in page.evaluate(script, name)]


def screenshot(page: Page) -> Image.Image:
    return Image.open(BytesIO(page.screenshot(type="png"))).convert("RGB")


def record(page: Page, name: str) -> list[Image.Image]:
    """Draw an example with the mouse; return a screenshot every few points, and one of the final hits."""
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    frames = [screenshot(page)]
    for stroke in example_strokes(page, name):
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for index, place in enumerate(places[1:]):
            page.mouse.move(*place)
            if index % 9 == 8:
                time.sleep(PAUSE_S)
                frames.append(screenshot(page))
        page.mouse.up()
        wait_for_hits(page)
    page.wait_for_timeout(300)
    return [*frames, screenshot(page)]


def wait_for_hits(page: Page) -> None:
    """Wait for the newest drawing's hits. The animation then shows the same hits on a slow machine."""
    while page.evaluate("document.getElementById('hits').hasAttribute('aria-busy')"):
        time.sleep(PAUSE_S)


def first_minute(page: Page, names: list[str]) -> tuple[list[Image.Image], list[int]]:
    """Draw the examples, open the last drawing's best hit, and open Translate; return frames and their ms."""
    frames: list[Image.Image] = []
    times: list[int] = []
    for number, name in enumerate(names):
        if number > 0:
            page.keyboard.press("Delete")
        taken = record(page, name)
        frames += taken
        times += [FRAME_MS] * (len(taken) - 1) + [LAST_FRAME_MS]
    page.locator("#hits li button").first.click()
    page.wait_for_timeout(SETTLE_MS)
    frames.append(screenshot(page))
    page.keyboard.press("Escape")
    page.locator("#tab-translate").click()
    page.locator("#translate-results img").first.wait_for()
    page.wait_for_timeout(SETTLE_MS)
    frames.append(screenshot(page))
    return frames, [*times, LAST_FRAME_MS, LAST_FRAME_MS]


def main() -> None:
    """Record the page's first minute and write the animation."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("address")
    parser.add_argument("out", type=Path)
    parser.add_argument("--example", nargs="+", default=["cat", "bicycle"])
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=VIEW, color_scheme="light", reduced_motion="reduce")
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(arguments.address)
        page.locator("#gallery option").first.wait_for(state="attached")
        frames, times = first_minute(page, arguments.example)
        browser.close()
    size = (round(VIEW["width"] * SCALE), round(VIEW["height"] * SCALE))
    small = [frame.resize(size, Image.Resampling.LANCZOS) for frame in frames]
    small[0].save(
        arguments.out,
        save_all=True,
        append_images=small[1:],
        duration=times,
        loop=0,
        quality=70,
        method=4,
        minimize_size=False,
    )
    print(f"{len(frames)} frames, {arguments.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
