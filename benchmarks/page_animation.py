"""The animation at the README's top: someone draws on the page, and hits arrive; real screenshots of a running service.

    python -m benchmarks.page_animation http://127.0.0.1:8000/ docs/drawing.webp

The service is `make demo`'s. Needs Chromium, as the page's tests do.
"""

import argparse
import time
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, ViewportSize, sync_playwright

CHROMIUM = "/usr/bin/chromium"
VIEW = ViewportSize(width=1120, height=660)
SCALE = 0.72
EVERY_MS, END_MS = 90, 2200
PAUSE_S = 0.02
PATIENCE_MS = 300_000


def strokes_of(page: Page, name: str) -> list[list[tuple[float, float]]]:
    """One of the page's example drawings, in fractions of the paper."""
    script = """async (name) => { const {exampleStrokes} = await import("/static/sketch/examples.js");
        return exampleStrokes(name, 512, 7).map(({points}) => points.map(({x, y}) => [x / 512, y / 512])); }"""
    return [[(x, y) for x, y in stroke] for stroke in page.evaluate(script, name)]


def shot(page: Page) -> Image.Image:
    return Image.open(BytesIO(page.screenshot(type="png"))).convert("RGB")


def frames_of(page: Page, name: str) -> list[Image.Image]:
    """Screenshots while the example is drawn with the mouse, one every few points, and one when all is answered."""
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    frames = [shot(page)]
    for stroke in strokes_of(page, name):
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for index, place in enumerate(places[1:]):
            page.mouse.move(*place)
            if index % 9 == 8:
                time.sleep(PAUSE_S)
                frames.append(shot(page))
        page.mouse.up()
        answered(page)
    page.wait_for_timeout(300)
    return [*frames, shot(page)]


def answered(page: Page) -> None:
    """Waits for the newest drawing's hits, so that a slow machine's animation shows the same ones."""
    while page.evaluate("document.getElementById('hits').hasAttribute('aria-busy')"):
        time.sleep(PAUSE_S)


def main() -> None:
    """Draws, and writes the animation."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("address")
    parser.add_argument("out", type=Path)
    parser.add_argument("--example", nargs="+", default=["umbrella", "bicycle"])
    arguments = parser.parse_args()
    frames: list[Image.Image] = []
    times: list[int] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=VIEW, color_scheme="light", reduced_motion="reduce")
        page.set_default_timeout(PATIENCE_MS)
        page.goto(arguments.address)
        page.locator("#gallery option").first.wait_for(state="attached")
        for name in arguments.example:
            taken = frames_of(page, name)
            frames += taken
            times += [EVERY_MS] * (len(taken) - 1) + [END_MS]
            page.keyboard.press("Delete")
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
