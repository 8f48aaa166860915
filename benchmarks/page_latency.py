"""Measure how soon hits appear on the page after a stroke.

    python -m benchmarks.page_latency http://127.0.0.1:8000/

The page's example drawings are drawn with the mouse in Chromium, at the speed of a hand. They are turned and
scaled at random, because the embedding of a repeated drawing is cached. A time runs from the release of the
button to the frame that shows the newest drawing's hits.
"""

import random
import statistics
import time
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.page_animation import CHROMIUM, TIMEOUT_MS, example_strokes, wait_for_hits

Strokes = list[NDArray[np.float64]]
"""Points (x, y) in fractions of the paper."""

NAMES = ["cat", "house", "bicycle", "fish", "cup", "umbrella"]
POINT_S, STROKE_PAUSE_S = 1 / 60, 0.4
WATCH = """
window.waits = []; window.answers = 0;
let released = 0;
addEventListener("pointerup", (event) => { released = event.timeStamp; }, true);
addEventListener("DOMContentLoaded", () => {
  const hits = document.getElementById("hits");
  new MutationObserver(() => {
    if (hits.hasAttribute("aria-busy") || !released) return;
    const since = released;
    released = 0;
    requestAnimationFrame(() => window.waits.push(performance.now() - since));
  }).observe(hits, { attributes: true, attributeFilter: ["aria-busy"] });
  const countAnswer = () => { window.answers++; };
  new MutationObserver(countAnswer).observe(document.getElementById("hits-meta"), { childList: true });
});
"""


def vary(strokes: list[list[tuple[float, float]]], rng: random.Random) -> Strokes:
    """Return the drawing, turned and scaled a little."""
    angle, scale = rng.uniform(-0.2, 0.2), rng.uniform(0.7, 0.95)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return [((np.array(stroke) - 0.5) @ turn.T + 0.5).clip(0.01, 0.99) for stroke in strokes]


def draw(page: Page, strokes: Strokes) -> tuple[float, int]:
    """Draw with the mouse; return the seconds with the button down, and the answers shown in them."""
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    down, shown = 0.0, 0
    for stroke in strokes:
        places = stroke * [box["width"], box["height"]] + [box["x"], box["y"]]
        page.mouse.move(*places[0])
        began, before = time.perf_counter(), page.evaluate("answers")
        page.mouse.down()
        for number, place in enumerate(places[1:], 1):
            time.sleep(max(0.0, began + number * POINT_S - time.perf_counter()))
            page.mouse.move(*place)
        shown += page.evaluate("answers") - before
        down += time.perf_counter() - began
        page.mouse.up()
        wait_for_hits(page)
        time.sleep(STROKE_PAUSE_S)
    return down, shown


def main(
    address: Annotated[str, typer.Argument(help="URL of the page of a running service.")],
    seed: Annotated[
        int | None,
        typer.Option(
            help="Seed of the drawings' variation. Repeated drawings are cached. Default: a new seed."
        ),
    ] = None,
) -> None:
    """Draw the examples and print a table of the times."""
    rng = random.Random(time.time_ns() if seed is None else seed)
    table = Table(
        "drawing",
        "strokes",
        "release to hits, ms: median",
        "90th percentile",
        "answers per second while drawing",
    )
    waits: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.add_init_script(WATCH)
        page.goto(address)
        page.locator("#gallery option").first.wait_for(state="attached")
        for name in NAMES:
            down, shown = draw(page, vary(example_strokes(page, name), rng))
            page.wait_for_timeout(50)
            taken: list[float] = page.evaluate("waits.splice(0)")
            waits += taken
            table.add_row(
                name,
                str(len(taken)),
                f"{statistics.median(taken):.0f}",
                f"{np.percentile(taken, 90):.0f}",
                f"{shown / down:.1f}",
            )
            page.keyboard.press("Delete")
        browser.close()
    table.add_section()
    table.add_row(
        "all", str(len(waits)), f"{statistics.median(waits):.0f}", f"{np.percentile(waits, 90):.0f}", ""
    )
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
